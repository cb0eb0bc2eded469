"""What a training shows on the terminal."""

import sys
import time

import keras

BAR_EPOCHS = 30
LINES = 20


def progress(epochs: int) -> tuple[int, list[keras.callbacks.Callback]]:
    """`verbose` and callbacks for `fit`.

    Keras' bar on a terminal, about 20 lines for long trainings and for files.
    """
    if sys.stdout.isatty() and epochs <= BAR_EPOCHS:
        return 1, []
    return 0, [EpochLines(epochs)]


class EpochLines(keras.callbacks.Callback):
    """Prints a line for some epochs, evenly spread, and for the last.

    Args:
        epochs: number of epochs of the whole training.
    """

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs = epochs
        self._every = max(1, epochs // LINES)

    def on_train_begin(self, logs=None):
        self._began, self._first = time.monotonic(), None

    def on_epoch_end(self, epoch, logs=None):
        if self._first is None:
            self._first = epoch
        done = epoch + 1
        if done % self._every and done != self.epochs and done > 1:
            return
        spent = time.monotonic() - self._began
        left = spent / (done - self._first) * (self.epochs - done)
        values = "  ".join(
            f"{name} {logs[name]:.2f}"
            for name in logs
            if not name.startswith("val_") and name != "loss"
        )
        held_out = "  ".join(
            f"{name} {logs[name]:.2f}"
            for name in ("val_negative_elbo",)
            if name in logs
        )
        width = len(str(self.epochs))
        print(
            f"epoch {done:{width}}/{self.epochs}  {values}  {held_out}  "
            f"{spent:.0f} s, {left:.0f} s left",
            flush=True,
        )
