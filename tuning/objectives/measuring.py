"""Measures a model while it trains."""

import math

import keras

from tfgen.callbacks import Evaluation, read_history
from tfgen.tuning.objectives.measures import (
    HeldOutExamples,
    distribution_metric,
)
from tfgen.tuning.objectives.objective import COMBINED
from tfgen.tuning.trial_failed import TrialFailed

SAMPLES = 5000
"""For distances; see `Evaluation`."""
MOST_EXAMPLES = 1000
"""Of those that are encoded."""
MEASUREMENTS = 20
"""About so many times in a training what takes long is measured."""


class Measuring(keras.callbacks.Callback):
    """Adds the objective and all that is reported to the logs of `fit`.

    What validation does not log by itself is measured after every `every`th
    epoch, the first, the last and those in `also`; others repeat the values. A
    resumed training goes on with those in its history, so that it equals an
    uninterrupted one. In the list of callbacks it stands before those that
    write logs.

    Args:
        objective: an `Objective`.
        measures: others that are reported besides.
        data: held-out data, a `tfgen.data.Source` in the model's range.
        extractor: see `tfgen.callbacks.Evaluation`.
        every: epochs from one measurement to the next.
        history: file that `HistoryFile` writes.
        also: further epochs, counted from 1.

    Raises:
        TrialFailed: in `fit`, if the objective is NaN or infinite, or the
            model does not log it.
    """

    def __init__(
        self,
        objective,
        measures,
        data,
        extractor,
        every: int,
        history,
        also=(),
    ):
        super().__init__()
        self.objective = objective
        self.measures = dict.fromkeys([*objective.measures, *measures])
        self.data = data
        self.every = every
        self.history = history
        self.also = frozenset(also)
        self._values = None
        names = [m.name for m in self.measures if m.kind == "samples"]
        self._samples = None
        if names:
            self._samples = Evaluation(
                data,
                [distribution_metric(name) for name in names],
                extractor,
                num_samples=SAMPLES,
            )

    def on_train_begin(self, logs=None):
        self._values = None
        if self._samples is not None:
            self._samples.set_model(self.model)
            self._samples.on_train_begin()
        self._held_out = HeldOutExamples(self.model, self.data, MOST_EXAMPLES)

    def on_epoch_begin(self, epoch, logs=None):
        if self._values is None:
            self._values = self._earlier(epoch) if epoch else {}

    def on_epoch_end(self, epoch, logs=None):
        if not self._values or self._is_due(epoch + 1):
            self._values = self._measure(epoch)
        logs.update(self._values)
        value = self._objective_of(logs)
        if not math.isfinite(value):
            raise TrialFailed(
                f"{self.objective.log_name} is {value} in epoch {epoch + 1}"
            )
        if self.objective.is_sum:
            logs[COMBINED] = value

    def _is_due(self, epoch):
        asked = epoch in self.also or epoch % self.every == 0
        return asked or epoch == self.params["epochs"]

    def _objective_of(self, logs):
        try:
            return self.objective.value(logs)
        except KeyError as error:
            found = [name for name in logs if name.startswith("val_")]
            raise TrialFailed(
                f"{error.args[0]} is not logged with these settings, only "
                f"{', '.join(found)}: narrow the space to settings that log "
                "it, or search for something else"
            ) from None

    def _measure(self, epoch):
        values = {}
        if self._samples is not None:
            # Measured in each call: it counts no epochs of its own.
            self._samples.on_epoch_end(epoch, values)
        for measure in self.measures:
            if measure.kind in ("likelihood", "reconstruction"):
                figure = getattr(self._held_out, measure.name)
                values[measure.log_name] = figure(self.model)
        return values

    def _earlier(self, epoch):
        """The last values before `epoch`, which is counted from 0."""
        history = read_history(self.history)
        names = [m.log_name for m in self.measures if m.kind != "logged"]
        row = history["epoch"].index(epoch)
        return {name: history[name][row] for name in names if name in history}


def every(epochs: int) -> int:
    """Epochs from one measurement to the next in a training of so many."""
    return max(1, epochs // MEASUREMENTS)
