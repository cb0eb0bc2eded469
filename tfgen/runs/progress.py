"""What a training shows on the terminal, and how it is stopped from there."""

import contextlib
import shlex
import shutil
import signal
import sys
import time

import keras

from tfgen.callbacks import BestModel
from tfgen.models import GenerativeModel
from tfgen.reports.short_text import short_duration, short_number
from tfgen.runs.data import objective_words
from tfgen.runs.folder import RunFolder

MOST_LINES = 30
FEWER_LINES = 20
COLUMNS = 99
STATUS_SECONDS = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)


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

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._began, self._since, self._counted = time.monotonic(), None, 0
        self._warm = False
        if self.model.steps_done:
            self._print(f"going on at step {self.model.steps_done:,}")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = now  # the first step takes long: it is compiled
        if not self._follows or now - self._shown_at < STATUS_SECONDS:
            return
        self._shown_at = now
        start = f"{self._start(self._epoch)}  step {batch + 1}/{self.steps}"
        self._print("\r" + self._line(start, logs), end="")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
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

    def on_train_end(self, logs: dict | None = None) -> None:
        self._wipe()

    def say(self, text: str) -> None:
        """Prints a line of its own."""
        self._wipe()
        self._print(text)

    def warn(self, text: str) -> None:
        """Prints a warning to standard error, on a line of its own."""
        self._wipe()
        print(f"warning: {text}", file=sys.stderr, flush=True)

    def _wipe(self):
        if self._follows:
            self._print("\r" + " " * self._columns, end="\r")

    def _start(self, epoch):
        width = len(str(self.epochs))
        return f"epoch {epoch + 1:{width}}/{self.epochs}"

    def _line(self, start, logs, end=""):
        """As many values as fit, padded to cover what stood there before."""
        line, end = start, f"  {end}" if end else ""
        objective = getattr(self.model, "objective", None)
        headline = getattr(objective, "headline", "negative_elbo")
        for value in _values(logs or {}, headline):
            if len(line) + 2 + len(value) + len(end) > self._columns:
                break
            line += f"  {value}"
        return f"{line}{end}".ljust(self._columns)

    def _print(self, text, end="\n"):
        print(text, end=end, flush=True, file=self.stream)


class GentleStop(contextlib.AbstractContextManager):
    """Turns the first SIGINT or SIGTERM into a request; the second acts.

    Args:
        checkpoint: a `tfgen.callbacks.Checkpoint`, asked to save and stop.

    Attributes:
        exit_status: what the process should end with, 128 + the signal.
    """

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint
        self.exit_status = 128 + signal.SIGINT
        self._before = {}

    def __enter__(self) -> "GentleStop":
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *error) -> None:
        self._restore()

    def _stop(self, number, frame):
        self.exit_status = 128 + number
        self.checkpoint.stop_soon()
        print("\nstopping after this step ...", file=sys.stderr)
        self._restore()

    def _restore(self):
        for number, handler in self._before.items():
            signal.signal(number, handler)


def described(model: GenerativeModel) -> str:
    """The model in a line."""
    shape = "x".join(map(str, model.data_shape))
    classes = f" and {model.num_classes} classes" if model.num_classes else ""
    return (
        f"{type(model).__name__}, {shape} to {model.latent_words}"
        f"{classes}, {objective_words(model).removeprefix('the ')}, "
        f"{_density_words(model)}"
        f"{model.count_params():,} parameters"
    )


def _density_words(model):
    """Prior and posterior, where they are others than the default ones."""
    if not model.encodes:
        return ""
    prior = type(model.prior).__name__.removesuffix("Prior")
    posterior = type(model.posterior_family).__name__.removesuffix("Posterior")
    words = "" if prior == "StandardNormal" else f"{prior} prior, "
    levels = model.posterior_family.latent_dims
    if levels:
        top = type(model.prior.top).__name__.removesuffix("Prior")
        return f"{len(levels)} levels, {top} prior, "
    if posterior != "Diagonal":
        words += f"{posterior.lower()} posterior, "
    return words


def report_files(folder: RunFolder, best: BestModel) -> None:
    """Prints which epoch's model was kept, and the files that are there.

    Args:
        folder: a `RunFolder`.
        best: the `tfgen.callbacks.BestModel` of the training.
    """
    if best.value is not None:
        most = "highest" if best.mode == "max" else "lowest"
        name = best.monitor.removeprefix("val_")
        if name == "loss" and getattr(best.model, "given_columns", None):
            name = "loss (with given)"
        print(
            f"epoch {best.epoch} had the {most} validation {name}, "
            f"{best.value:.4g}: the model is of then"
        )
    places = {
        "model": folder.model_file,
        "samples": folder.samples,
        "animation": folder.animation,
        "warnings": folder.warnings,
        "losses": folder.loss_plot,
        "history": folder.history_file,
        "privacy": folder.privacy,
    }
    for name, place in places.items():
        if place.exists():
            print(f"{name:12}{place}")
    board = shlex.quote(str(folder.tensorboard))
    print(f"{'TensorBoard':12}tensorboard --logdir {board}")


def _values(logs, headline="negative_elbo"):
    """The logs in short; `loss` weighs what the others show.

    Unless it is a bound of its own, and the headline.
    """
    hidden = {"loss"} - {headline}
    shown = [n for n in logs if n not in hidden and not n.startswith("val_")]
    shown.sort(key=(headline, "coverage").count, reverse=True)
    shown.sort(key=lambda name: name.endswith("gradient_norm"))
    values = [
        f"{name.removesuffix('_loss')} {short_number(logs[name])}"
        for name in shown
    ]
    held_out = logs.get(f"val_{headline}")
    if held_out is not None:
        values.insert(1, f"held-out {short_number(held_out)}")
    return values
