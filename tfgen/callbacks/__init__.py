"""What fit shows, guards and saves."""
