"""Whole set-ups by name."""
