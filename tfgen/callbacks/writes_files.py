"""Which of several hosts writes."""


def writes_files(model) -> bool:
    """Whether this process is the one that writes files of the training."""
    return model.distribute_strategy.extended.should_save_summary
