from collections.abc import Sequence

import keras
import numpy as np

from tfgen.callbacks.sample_comparison import fixed_examples, plain_features
from tfgen.data import Source
from tfgen.metrics import (
    Coverage,
    Density,
    DistributionMetric,
    FeatureExtractor,
    FrechetDistance,
    KernelDistance,
)
from tfgen.metrics.neighbors import NeighborMetric
from tfgen.pictures import examples


class Evaluation(keras.callbacks.Callback):
    """Adds metrics of samples to the logs, for whatever looks at them.

    Draws samples, with the same seed each time, and compares them with
    held-out examples. `EarlyStopping`, `ModelCheckpoint`, KerasTuner,
    TensorBoard and the history then find `val_frechet_distance` and the
    others; in the list of callbacks this one stands before those.

    The fewer samples, the more a distance is chance, so there may be more
    samples than examples. Metrics that count neighbours (precision, recall,
    density, coverage) get as many of either.

    Where it does not evaluate, an epoch's logs repeat the last values, so that
    what they monitor is always there: count `patience` in epochs all the same.
    The first epoch of a `fit` is always evaluated. Samples that are not finite
    score NaN. A conditional model is given the labels of the held-out examples,
    again and again.

    Images are rounded to 8 bits and brought to [0, 1]. Without an extractor
    they are compared as averages over squares of pixels, at most 16 by 16:
    quick, but blind to details; see `tfgen.metrics.fit_extractor`. Values of
    different extractors or numbers of examples do not compare.

    Args:
        data: held-out data, a `tfgen.data.Source` or an array of examples in
            the model's range.
        metrics: `tfgen.metrics.DistributionMetric`s without extractors of
            their own; default: Frechet and kernel distance, density, coverage.
        extractor: what makes the features, computed once for all metrics: see
            `tfgen.metrics.FeatureExtractor`.
        every: epochs from one evaluation to the next.
        num_samples: samples, and most held-out examples.
        seed: seed of the choice of examples and of the samples.
        prefix: beginning of the names in the logs.

    Raises:
        ValueError: in `fit`, for fewer held-out examples than a metric needs.

    Example:
    >>> held_out = tfgen.data.load("digits", "validation")
    >>> evaluation = tfgen.callbacks.Evaluation(held_out, every=5)
    >>> stop = keras.callbacks.EarlyStopping(
    ...     "val_frechet_distance", mode="min", patience=20
    ... )
    >>> model.fit(train, callbacks=[evaluation, stop])  # doctest: +SKIP
    """

    def __init__(
        self,
        data: Source | np.ndarray,
        metrics: Sequence[DistributionMetric] | None = None,
        extractor: keras.Model | None = None,
        every: int = 1,
        num_samples: int = 1000,
        seed: int = 0,
        prefix: str = "val_",
    ):
        super().__init__()
        self.data = data
        self.metrics = _defaults(num_samples) if metrics is None else metrics
        self.extractor = extractor
        self.every = every
        self.num_samples = num_samples
        self.seed = seed
        self.prefix = prefix
        self._features = None
        self._values = {}
        _check(self.metrics, every)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._values = {}
        if self._features is not None:
            return
        x, self._labels = fixed_examples(
            self.model, self.data, self.num_samples, self.seed
        )
        least = 1 + max(getattr(metric, "k", 1) for metric in self.metrics)
        if len(x) < least:
            raise ValueError(
                f"{len(x)} held-out examples are too few for "
                f"{', '.join(m.name for m in self.metrics)}: pass {least} or "
                "more."
            )
        self._count = len(x)
        if self._labels is not None:
            self._labels = np.resize(self._labels, self.num_samples)
        self._features = _Features(self.model, self.extractor)
        for metric in self.metrics:
            metric.reset_state()
        self._update("real", x)

    def get_state(self) -> dict:
        """The last values, for a `Checkpoint`."""
        return self._values

    def set_state(self, state: dict) -> None:
        """Puts them back."""
        self._values = state

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if not self._values or (epoch + 1) % self.every == 0:
            self._values = self._evaluate()
        if logs is not None:
            logs.update(self._values)

    def _evaluate(self):
        samples = self.model.sample(
            self.num_samples, seed=self.seed, labels=self._labels
        )
        names = [self.prefix + metric.name for metric in self.metrics]
        if not np.isfinite(samples).all():
            return dict.fromkeys(names, float("nan"))
        for metric in self.metrics:
            metric.reset_generated()
        self._update("generated", samples)
        results = map(self._result, self.metrics)
        return dict(zip(names, results, strict=True))

    def _update(self, side, x):
        seen = self._features(x, {metric.looks_at for metric in self.metrics})
        for metric in self.metrics:
            rows = seen[metric.looks_at]
            if isinstance(metric, NeighborMetric):
                rows = rows[: self._count]
            metric.update_state(**{side: rows})

    def _result(self, metric):
        from threadpoolctl import threadpool_limits

        # Threads that wait for more work would hold up TensorFlow's.
        with threadpool_limits(limits=1):
            return float(metric.result())


class _Features:
    """Features, logits or both of examples in the model's range, by kind."""

    def __init__(self, model, extractor):
        self._are_images = examples.is_image(model)
        self._extractor = FeatureExtractor(
            extractor, model.data_range if self._are_images else None
        )

    def __call__(self, x, kinds):
        found = self._extractor.outputs(x, kinds)
        if not self._are_images or self._extractor.model is not None:
            return found
        return {
            kind: np.float32(plain_features(rows.reshape(x.shape)))
            for kind, rows in found.items()
        }


def _defaults(num_samples):
    return [
        FrechetDistance(),
        KernelDistance(subset_size=num_samples, max_rows=num_samples),
        Density(),
        Coverage(),
    ]


def _check(metrics, every):
    names = [metric.name for metric in metrics]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"metrics are named {names}: pass one or more, each with a name "
            "of its own."
        )
    for metric in metrics:
        extractor = metric.extractor
        if extractor.model is not None or extractor.value_range is not None:
            raise ValueError(
                f"{metric.name} has an extractor or a value_range of its own: "
                "pass the extractor to Evaluation, which knows the range."
            )
    if every < 1:
        raise ValueError(f"every is {every}, expected 1 or more epochs.")
