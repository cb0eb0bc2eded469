"""Search spaces: what may be searched, and what is by default."""
