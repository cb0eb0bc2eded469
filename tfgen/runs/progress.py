"""What a training shows on the terminal."""

import shutil
import sys
import time

import keras

from tfgen.reports.short_text import short_duration, short_number

MOST_LINES = 30
FEWER_LINES = 20
COLUMNS = 99
STATUS_SECONDS = 0.2


class Progress(keras.callbacks.Callback):
    """Prints a line an epoch; of many epochs, about 20 evenly spread.

    On a terminal the last line follows the steps of the epoch. (Keras' bar
    names all logs in full, which for most models is too long for a line.)

    Args:
        epochs: number of epochs of the whole training.
        steps: number of steps of an epoch.
        stream: where to print; default: standard output.
    """

    def __init__(self, epochs: int, steps: int, stream=None):
        super().__init__()
        self.epochs = epochs
        self.steps = steps
        self.stream = stream or sys.stdout
        many = epochs > MOST_LINES
        self._every = round(epochs / FEWER_LINES) if many else 1
        self._follows = self.stream.isatty()
        self._columns = COLUMNS
        if self._follows:  # a line that wraps could not be written over
            width = shutil.get_terminal_size().columns
            self._columns = min(COLUMNS, width - 1)
        self._shown_at = 0.0

    def on_train_begin(self, logs=None):
        self._began, self._since, self._counted = time.monotonic(), None, 0
        self._warm = False
        if self.model.steps_done:
            self._print(f"going on at step {self.model.steps_done:,}")

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        if self._since is None:
            self._since = now  # the first step takes long: it is compiled
        if not self._follows or now - self._shown_at < STATUS_SECONDS:
            return
        self._shown_at = now
        start = f"{self._start(self._epoch)}  step {batch + 1}/{self.steps}"
        self._print("\r" + self._line(start, logs), end="")

    def on_epoch_end(self, epoch, logs=None):
        done, now = epoch + 1, time.monotonic()
        self._counted += 1
        left = (now - self._since) / self._counted * (self.epochs - done)
        if not self._warm:
            # So does what else is done for the first time.
            self._warm, self._since, self._counted = True, now, 0
        if done % self._every and done != self.epochs and done > 1:
            return
        end = f"{short_duration(left)} left"
        if done == self.epochs:
            end = f"took {short_duration(now - self._began)}"
        line = self._line(self._start(epoch), logs, end)
        self._print("\r" + line if self._follows else line.rstrip())

    def on_train_end(self, logs=None):
        if self._follows:
            self._print("\r" + " " * self._columns, end="\r")

    def warn(self, text: str) -> None:
        """Prints a warning to standard error, on a line of its own."""
        if self._follows:
            self._print("\r" + " " * self._columns, end="\r")
        print(f"warning: {text}", file=sys.stderr, flush=True)

    def _start(self, epoch):
        width = len(str(self.epochs))
        return f"epoch {epoch + 1:{width}}/{self.epochs}"

    def _line(self, start, logs, end=""):
        """As many values as fit, padded to cover what stood there before."""
        line, end = start, f"  {end}" if end else ""
        for value in _values(logs or {}):
            if len(line) + 2 + len(value) + len(end) > self._columns:
                break
            line += f"  {value}"
        return f"{line}{end}".ljust(self._columns)

    def _print(self, text, end="\n"):
        print(text, end=end, flush=True, file=self.stream)


def _values(logs):
    """The logs in short; `loss` weighs what the others show."""
    shown = [n for n in logs if n != "loss" and not n.startswith("val_")]
    shown.sort(key=("negative_elbo", "coverage").count, reverse=True)
    shown.sort(key=lambda name: name.endswith("gradient_norm"))
    values = [
        f"{name.removesuffix('_loss')} {short_number(logs[name])}"
        for name in shown
    ]
    if "val_negative_elbo" in logs:
        values.insert(1, f"held-out {short_number(logs['val_negative_elbo'])}")
    return values
