"""Trainings that go on where they were interrupted."""

import tfgen  # isort: skip  (loads TensorFlow without its chatter)


def fit(model, batches, epochs, folder, callbacks=(), **options):
    """Trains, or restores what was trained; returns the minutes it took."""
    history = folder / "history.csv"
    model.fit(
        batches,
        epochs=epochs,
        callbacks=[
            *callbacks,
            tfgen.callbacks.HistoryFile(history),
            tfgen.callbacks.Checkpoint(folder),
        ],
        verbose=2,
        **options,
    )
    return sum(tfgen.callbacks.read_history(history)["seconds"]) / 60
