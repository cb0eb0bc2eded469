"""What a search can measure of a generative model on held-out data."""

import dataclasses
import re

from tfgen import metrics
from tfgen.models import GenerativeModel

DISTRIBUTION_METRICS = {
    "frechet_distance": metrics.FrechetDistance,
    "kernel_distance": metrics.KernelDistance,
    "precision": metrics.Precision,
    "recall": metrics.Recall,
    "density": metrics.Density,
    "coverage": metrics.Coverage,
}
TERM = re.compile(
    r"(?:(?P<weight>(?:[0-9]+\.?|[0-9]*\.[0-9]+)(?:e[+-]?[0-9]+)?)\*)?"
    r"(?P<name>[A-Za-z_]\w*)(?::(?P<direction>min|max))?"
)
"""One term of an objective, as users write it."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """One figure of a model.

    Attributes:
        name: without `val_`.
        direction: `"min"` or `"max"`.
        kind: `"logged"` (validation logs it), `"samples"` (a distribution
            metric, in features), `"likelihood"` or `"reconstruction"`
            (computed from held-out examples), `"detection"` (from these and
            odd ones).
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
        return 1 + getattr(DISTRIBUTION_METRICS[self.name](), "k", 1)

    def __str__(self):
        """As users write it."""
        known = self.name in MEASURES
        return self.name if known else f"{self.name}:{self.direction}"

    def applies(self, model: GenerativeModel) -> bool:
        """Whether the model declares, or logs, what the measure needs."""
        if self.kind == "logged":
            return self.name in [metric.name for metric in model.metrics]
        if self.kind == "reconstruction":
            return model.encodes
        if self.kind == "detection":
            return model.has_likelihood
        if self.kind == "likelihood":
            return model.encodes and model.has_likelihood
        return True


_DIRECTIONS = {"lower": "min", "higher": "max"}
_ROWS = (
    ("negative_elbo", "min", "logged", "a likelihood"),
    (
        "importance_weighted_bound",
        "max",
        "likelihood",
        "an encoder and a likelihood",
    ),
    ("reconstruction_error", "min", "reconstruction", "an encoder"),
    ("auroc", "max", "detection", "a likelihood"),
    *(
        (name, _DIRECTIONS[metric.better], "samples", "samples")
        for name, metric in DISTRIBUTION_METRICS.items()
    ),
)
MEASURES = {row[0]: Measure(*row) for row in _ROWS}
"""By name."""


def parse_measure(text: str) -> Measure:
    """One measure from what a user writes.

    Args:
        text: a name in `MEASURES`, or a metric that the model logs with its
            direction, `my_metric:max`.

    Raises:
        ValueError: for what is neither.
    """
    match = TERM.fullmatch(text.strip())
    if not match or match["weight"]:
        raise ValueError(
            f"{text!r} is no measure, expected a name such as coverage, or "
            "my_metric:max."
        )
    return find_measure(match["name"], match["direction"])


def find_measure(name: str, direction: str | None = None) -> Measure:
    """A measure by name.

    Args:
        name: of a known measure or of a metric that the model logs, with or
            without `val_`.
        direction: of the latter.

    Raises:
        ValueError: for an unknown name without direction, or a known one
            with the wrong direction.
    """
    name = name.removeprefix("val_")
    known = MEASURES.get(name)
    if known is None and direction is None:
        raise ValueError(
            f"{name!r} is no known measure: pass one of "
            f"{', '.join(MEASURES)}, or name a metric that the model logs "
            f"with its direction, as {name}:min or {name}:max."
        )
    if known is None:
        return Measure(
            name, direction, "logged", f"the metric {name} in validation"
        )
    if direction not in (None, known.direction):
        better = "lower" if known.direction == "min" else "higher"
        raise ValueError(
            f"objective is {name}:{direction}, but {better} is better: leave "
            f"out :{direction}."
        )
    return known
