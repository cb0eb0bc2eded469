"""Measures a model while it trains."""

import math
import pathlib
from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np

from tfgen import metrics
from tfgen.callbacks import Evaluation, read_history
from tfgen.callbacks.sample_comparison import fixed_examples
from tfgen.data import Source
from tfgen.metrics import fit_extractor
from tfgen.models import GenerativeModel
from tfgen.probability import Bernoulli
from tfgen.training.files import written_whole
from tfgen.tuning.failures import TrialFailed
from tfgen.tuning.objectives.measures import DISTRIBUTION_METRICS, Measure
from tfgen.tuning.objectives.objective import COMBINED, Objective
from tfgen.tuning.processes import is_worker

Extractor = Callable[[np.ndarray], np.ndarray]
"""See `tfgen.metrics.FeatureExtractor`."""
DRAWS = 50
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
        objective: what is searched for.
        measures: others that are reported besides.
        data: held-out data in the model's range.
        extractor: see `tfgen.callbacks.Evaluation`.
        every: epochs from one measurement to the next.
        history: file that `HistoryFile` writes.
        also: further epochs, counted from 1.
        odd: held-out rows that are odd, for measures of detection.

    Raises:
        TrialFailed: in `fit`, if the objective is NaN or infinite, or the
            model does not log it.
    """

    def __init__(
        self,
        objective: Objective,
        measures: Sequence[Measure],
        data: Source,
        extractor: Extractor | None,
        every: int,
        history: pathlib.Path,
        also: Iterable[int] = (),
        odd: Source | None = None,
    ):
        super().__init__()
        self.objective = objective
        self.measures = dict.fromkeys([*objective.measures, *measures])
        self.data, self.odd = data, odd
        self.every = every
        self.history = history
        self.also = frozenset(also)
        self._values = None
        names = [m.name for m in self.measures if m.kind == "samples"]
        self._samples = None
        if names:
            self._samples = Evaluation(
                data,
                [DISTRIBUTION_METRICS[name]() for name in names],
                extractor,
                num_samples=SAMPLES,
            )

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._values = None
        if self._samples is not None:
            self._samples.set_model(self.model)
            self._samples.on_train_begin()
        self._held_out = HeldOutExamples(
            self.model, self.data, MOST_EXAMPLES, self.odd
        )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._values is None:
            self._values = self._earlier(epoch) if epoch else {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
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
            if measure.kind not in ("samples", "logged"):
                figure = getattr(self._held_out, measure.name)
                values[measure.log_name] = figure(self.model)
        return values

    def _earlier(self, epoch):
        """The last values before `epoch`, which is counted from 0."""
        history = read_history(self.history)
        names = [m.log_name for m in self.measures if m.kind != "logged"]
        row = history["epoch"].index(epoch)
        return {name: history[name][row] for name in names if name in history}


class HeldOutExamples:
    """The same held-out examples for the figures that encode them.

    Args:
        model: that encodes them.
        data: held-out data.
        count: most examples.
        odd: others that are odd, of which as many at most.
    """

    def __init__(
        self,
        model: GenerativeModel,
        data: Source,
        count: int,
        odd: Source | None = None,
    ):
        self.x, self.labels = fixed_examples(model, data, count, seed=0)
        if odd is not None:
            self.odd = fixed_examples(model, odd, count, seed=0)

    def importance_weighted_bound(self, model: GenerativeModel) -> float:
        """Of 50 draws, nats an example.

        Grey images are made binary under a Bernoulli likelihood, the same way
        each time.
        """
        x = self.x
        if isinstance(model.likelihood, Bernoulli) and not _is_binary(x):
            x = metrics.binarized(x)
        return metrics.importance_weighted_bound(
            model, x, self.labels, k=DRAWS
        ).mean

    def auroc(self, model: GenerativeModel) -> float:
        """Of the evidence lower bound: held-out examples against odd ones."""
        from sklearn.metrics import roc_auc_score

        scores = [
            model.score(x, labels=labels)
            for x, labels in ((self.x, self.labels), self.odd)
        ]
        is_odd = np.repeat([False, True], [len(one) for one in scores])
        return float(roc_auc_score(is_odd, -np.concatenate(scores)))

    def reconstruction_error(self, model: GenerativeModel) -> float:
        """Mean squared error an entry, images as pixels in [0, 1]."""
        again = model.reconstruct(self.x, labels=self.labels)
        low, high = model.data_range or (0.0, 1.0)
        difference = (np.float64(again) - np.float64(self.x)) / (high - low)
        return float(np.mean(difference**2))


def load_extractor(
    asked: str | Extractor | None,
    measures: Sequence[Measure],
    train: Source,
    path: pathlib.Path,
) -> Extractor | None:
    """The extractor in whose features the samples of all trials are compared.

    It is one for all: workers load what the chief trained.

    Args:
        asked: `"auto"`, `"none"`, or an extractor, see
            `tfgen.metrics.FeatureExtractor`.
        measures: all `Measure`s of the search.
        train: training data.
        path: where a trained one is kept.

    Returns:
        What was asked for; with `"auto"` a classifier, or None where samples
        are not compared or the data are not images with classes.

    Raises:
        ValueError: in a worker, if the file is missing.
    """
    if asked != "auto":
        return None if asked == "none" else asked
    compared = "samples" in [measure.kind for measure in measures]
    few = train.kind != "image" or (train.num_classes or 0) < 2
    if not compared or few:
        return None
    if not path.exists():
        if is_worker():
            raise ValueError(
                f"{path} is missing, which the chief writes before it answers: "
                "give all machines the same shared folder as out."
            )
        print("training a classifier for the features", flush=True)
        with written_whole(path) as whole:
            fit_extractor(train).save(whole)
    return keras.models.load_model(path)


def every(epochs: int) -> int:
    """Epochs from one measurement to the next in a training of so many."""
    return max(1, epochs // MEASUREMENTS)


def _is_binary(x):
    return bool(np.isin(x, (0.0, 1.0)).all())
