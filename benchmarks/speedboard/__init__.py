"""Speed of training beside that of peers, each in a process of its own."""
