"""What a search can measure of a generative model on held-out data."""

import dataclasses

import numpy as np

from tfgen import metrics
from tfgen.callbacks.sample_comparison import fixed_examples
from tfgen.probability import Bernoulli

DRAWS = 50
ERROR_SEED = 0


@dataclasses.dataclass(frozen=True)
class Measure:
    """One figure of a model.

    Attributes:
        name: without `val_`.
        direction: `"min"` or `"max"`.
        kind: `"logged"` (validation logs it), `"samples"` (a distribution
            metric, in features), `"likelihood"` or `"reconstruction"`
            (computed from held-out examples).
        needs: what the model must have, for messages.
    """

    name: str
    direction: str
    kind: str
    needs: str

    @property
    def log_name(self) -> str:
        """Its name in the logs of `fit`."""
        return f"val_{self.name}"

    @property
    def fewest(self) -> int:
        """How many held-out examples it takes at least."""
        if self.kind != "samples":
            return 1
        return 1 + getattr(distribution_metric(self.name), "k", 1)

    def __str__(self):
        """As users write it."""
        known = self.name in MEASURES
        return self.name if known else f"{self.name}:{self.direction}"

    def applies(self, model) -> bool:
        """Whether the model has what it needs, by what it has."""
        if self.kind == "logged":
            return self.name in [metric.name for metric in model.metrics]
        if self.kind == "samples":
            return True
        if self.kind == "reconstruction":
            return "reconstruct" in model.endpoints()
        return "encode" in model.endpoints() and hasattr(model, "likelihood")


_FIGURES = (
    ("negative_elbo", "min", "logged", "a likelihood"),
    ("importance_weighted_bound", "max", "likelihood", "a likelihood"),
    ("reconstruction_error", "min", "reconstruction", "an encoder"),
    ("frechet_distance", "min", "samples", "samples"),
    ("kernel_distance", "min", "samples", "samples"),
    ("precision", "max", "samples", "samples"),
    ("recall", "max", "samples", "samples"),
    ("density", "max", "samples", "samples"),
    ("coverage", "max", "samples", "samples"),
)
MEASURES = {figure[0]: Measure(*figure) for figure in _FIGURES}
"""By name."""


def distribution_metric(name: str):
    """A `tfgen.metrics.DistributionMetric` by the name of its measure."""
    kinds = {
        "frechet_distance": metrics.FrechetDistance,
        "kernel_distance": metrics.KernelDistance,
        "precision": metrics.Precision,
        "recall": metrics.Recall,
        "density": metrics.Density,
        "coverage": metrics.Coverage,
    }
    return kinds[name]()


class HeldOutExamples:
    """The same held-out examples for the figures that encode them.

    Args:
        model: a `GenerativeModel`.
        data: a `tfgen.data.Source`.
        count: most examples.
    """

    def __init__(self, model, data, count: int):
        self.x, self.labels = fixed_examples(model, data, count, seed=0)

    def importance_weighted_bound(self, model) -> float:
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

    def reconstruction_error(self, model) -> float:
        """Mean squared error an entry, images as pixels in [0, 1]."""
        again = model.reconstruct(self.x, labels=self.labels)
        scale = 1.0
        if model.data_range:
            low, high = model.data_range
            scale = high - low
        difference = (np.float64(again) - np.float64(self.x)) / scale
        return float(np.mean(difference**2))


def _is_binary(x):
    return bool(np.isin(x, (0.0, 1.0)).all())
