"""Where trials run: in this process, or in workers of a chief."""
