"""What tfgen reaches beside published numbers, one family of rows a file."""
