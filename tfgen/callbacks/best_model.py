import json
import math
import pathlib
import time

import keras

from tfgen.training.files import write_text, writes_files
from tfgen.training.finite import first_not_finite


class BestModel(keras.callbacks.Callback):
    """Keeps the model of the epoch with the best value of a metric.

    On small data a model gets better for a while and then learns the
    examples by heart. The best epoch's weights are kept in memory and written
    at most every `every_seconds`, whenever a `Checkpoint` saves and at the
    end. The value is kept in a file beside the model, so that a resumed
    training goes on comparing.

    Args:
        path: path of the `.keras` file.
        monitor: name of the metric; without it in the logs (no validation
            data, or a model that has no such metric) every epoch is better.
        every_seconds: least time between two files, unless a `Checkpoint`
            saves; None: then alone, and at the end.
        mode: `"min"` if lower is better, `"max"` if higher is.

    Attributes:
        epoch: the best epoch so far, counted from 1, or None.
        value: its value.

    Example:
    >>> best = tfgen.callbacks.BestModel("run/model.keras", "val_loss")
    >>> model.fit(x, validation_data=v, callbacks=[best])  # doctest: +SKIP
    >>> best.record.name
    'model.json'
    """

    def __init__(
        self,
        path,
        monitor: str = "val_negative_elbo",
        every_seconds: float | None = 10.0,
        mode: str = "min",
    ):
        super().__init__()
        self.path = pathlib.Path(path)
        self.monitor = monitor
        self.every_seconds = every_seconds
        self.mode = mode
        self._saved_at = -math.inf
        self._saved_step = self._best_step = None
        self._weights = None
        self.epoch = self.value = None

    @property
    def record(self) -> pathlib.Path:
        """The file that holds epoch and value."""
        return self.path.with_suffix(".json")

    @property
    def is_current(self) -> bool:
        """Whether the file holds the weights that the model has now."""
        return self._saved_step == self.model.steps_done

    def on_train_begin(self, logs: dict | None = None) -> None:
        both = self.path.exists() and self.record.exists()
        if both and self.model.steps_done:
            saved = json.loads(self.record.read_text())
            self.epoch, self.value = saved["epoch"], saved.get(self.monitor)
            self._saved_step = self._best_step = saved.get("step")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        value = (logs or {}).get(self.monitor)
        if self.value is not None and not self._is_better(value):
            return
        self.epoch, self.value = epoch + 1, value
        self._best_step, self._weights = self.model.steps_done, None
        waited = time.monotonic() - self._saved_at
        if self.every_seconds is not None and waited >= self.every_seconds:
            self.write()
        elif value is not None:  # else a later epoch will do as well
            self._weights = [v.numpy() for v in self._variables()]

    def get_state(self) -> dict:
        """Writes what is in memory alone, for a `Checkpoint` that saves.

        What is remembered then lies in the files.
        """
        self.write()
        return {}

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.epoch is not None and self.value is None:
            self._best_step = self.model.steps_done
        self.write()

    def write(self) -> None:
        """Writes the best model, if its file is of another epoch."""
        if self._best_step == self._saved_step:
            return
        if self._weights is not None:
            now = [v.numpy() for v in self._variables()]
            try:
                self._assign(self._weights)
                self._save()
            finally:
                self._assign(now)
        elif self._best_step == self.model.steps_done:
            # A Checkpoint says it, where weights are not.
            if first_not_finite(self._variables()) is None:
                self._save()

    def _save(self):
        if writes_files(self.model):
            self.model.save(self.path)
            saved = {
                "epoch": self.epoch,
                "step": self._best_step,
                self.monitor: self.value,
            }
            write_text(self.record, json.dumps(saved) + "\n")
        self._saved_at = time.monotonic()
        self._saved_step, self._weights = self._best_step, None

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _assign(self, values):
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)

    def _is_better(self, value):
        if value is None or math.isnan(self.value):
            return True
        return value > self.value if self.mode == "max" else value < self.value
