class TrainingWarning(UserWarning):
    """Training goes on, but will hardly lead where it should."""
