class TrialFailed(ValueError):
    """A trial has no result; the message is the reason, in a line."""
