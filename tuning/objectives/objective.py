"""What a search looks for."""

import dataclasses
import math
import re

from tfgen.runs.data import in_range
from tfgen.tuning.objectives.measures import MEASURES, Measure

TERM = re.compile(
    r"(?:(?P<weight>(?:[0-9]+\.?|[0-9]*\.[0-9]+)(?:e[+-]?[0-9]+)?)\*)?"
    r"(?P<name>[A-Za-z_]\w*)(?::(?P<direction>min|max))?"
)
COMBINED = "objective"
FEW = 8


@dataclasses.dataclass(frozen=True)
class Objective:
    """One measure, or a weighted sum of several.

    A sum is minimised; measures of which more is better count negatively.

    Attributes:
        terms: `(weight, Measure)` pairs.
    """

    terms: tuple[tuple[float, Measure], ...]

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(measure for _, measure in self.terms)

    @property
    def is_sum(self) -> bool:
        return len(self.terms) > 1

    @property
    def log_name(self) -> str:
        """Its name in the logs of `fit`."""
        return COMBINED if self.is_sum else self.terms[0][1].log_name

    @property
    def direction(self) -> str:
        """`"min"` or `"max"`."""
        return "min" if self.is_sum else self.terms[0][1].direction

    def value(self, logs: dict) -> float:
        """What is searched for, from an epoch's logs.

        Raises:
            KeyError: if a measure is not among them.
        """
        if not self.is_sum:
            return float(logs[self.terms[0][1].log_name])
        return sum(
            weight
            * float(logs[measure.log_name])
            * (1 if measure.direction == "min" else -1)
            for weight, measure in self.terms
        )

    def best(self, values) -> int | None:
        """Index of the best of several values, of equals the first.

        NaN is never the best; None if there is nothing else.
        """
        sign = 1 if self.direction == "min" else -1
        numbered = [
            (sign * value, i)
            for i, value in enumerate(values)
            if not math.isnan(value)
        ]
        return min(numbered)[1] if numbered else None

    def __str__(self):
        parts = [
            str(measure) if weight == 1 else f"{weight:g}*{measure}"
            for weight, measure in self.terms
        ]
        return " + ".join(parts)


def parse_objective(text: str) -> Objective:
    """An objective from what a user writes.

    Args:
        text: a name in `MEASURES`; a metric that the model logs with its
            direction, `my_metric:max`; or a weighted sum,
            `frechet_distance + 20*reconstruction_error`.

    Raises:
        ValueError: for what is none of these.
    """
    terms = []
    for part in text.split("+"):
        match = TERM.fullmatch(part.replace(" ", ""))
        if not match:
            raise ValueError(
                f"objective is {text!r}, expected a name such as "
                "negative_elbo, or a weighted sum such as "
                "'frechet_distance + 20*reconstruction_error'."
            )
        weight = float(match["weight"] or 1)
        if not math.isfinite(weight) or weight <= 0:
            raise ValueError(
                f"{part.strip()!r} in the objective has the weight "
                f"{match['weight']}, expected a number above 0."
            )
        terms.append((weight, find_measure(match["name"], match["direction"])))
    if len(terms) == 1:  # alone, it is searched for as it is
        terms = [(1.0, terms[0][1])]
    return Objective(tuple(terms))


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


def check_measures(model, measures, held_out) -> None:
    """Raises ValueError if the model cannot be measured so.

    Args:
        model: a compiled `GenerativeModel`.
        measures: `Measure`s.
        held_out: a `tfgen.data.Source`. Where a measure is one that
            validation logs, the model is evaluated on a few of them.
    """
    for measure in measures:
        if measure.name in MEASURES and measure.applies(model):
            continue
        logged = _logged(model, held_out)
        if measure.name not in MEASURES and measure.name in logged:
            continue
        usual = [m.name for m in MEASURES.values() if m.applies(model)]
        names = dict.fromkeys([*usual, *(f"{n}:min" for n in logged)])
        raise ValueError(
            f"{measure.name} needs {measure.needs}, which "
            f"{type(model).__name__} does not have: choose one of "
            f"{', '.join(names)}."
        )


def check_enough(measures, count: int) -> None:
    """Raises ValueError for too few held-out examples."""
    for measure in measures:
        if count < measure.fewest:
            raise ValueError(
                f"{measure.name} takes {measure.fewest} held-out examples or "
                f"more, but the validation split has {count}: take more data, "
                "or look for something else."
            )


def check_comparable(space, objective: Objective) -> None:
    """Raises ValueError if the objective would compare other units.

    Args:
        space: a `keras_tuner.HyperParameters`.
        objective: what is searched for.
    """
    in_nats = ("negative_elbo", "importance_weighted_bound")
    named = [m.name for m in objective.measures if m.name in in_nats]
    for parameter in space.space:
        values = getattr(parameter, "values", ())
        if named and parameter.name == "likelihood" and len(values) > 1:
            raise ValueError(
                f"the space has the likelihoods {', '.join(values)}, but the "
                f"{named[0]} of one does not compare with that of another: "
                "fix one, or search for a distance between samples."
            )


def _logged(model, held_out):
    """Names that validation logs: not all metrics of a model."""
    few = in_range(model, held_out.take(FEW))
    return list(
        model.evaluate(few, batch_size=FEW, verbose=0, return_dict=True)
    )
