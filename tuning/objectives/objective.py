"""What a search looks for, chosen and checked."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import keras_tuner

from tfgen import probability
from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.runs.data import in_range
from tfgen.tuning.objectives.measures import (
    MEASURES,
    TERM,
    Measure,
    find_measure,
    parse_measure,
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
        """Its measures, without their weights."""
        return tuple(measure for _, measure in self.terms)

    @property
    def is_sum(self) -> bool:
        """Whether there are several terms."""
        return len(self.terms) > 1

    @property
    def log_name(self) -> str:
        """Its name in the logs of `fit`."""
        return COMBINED if self.is_sum else self.terms[0][1].log_name

    @property
    def direction(self) -> str:
        """`"min"` or `"max"`."""
        return "min" if self.is_sum else self.terms[0][1].direction

    def value(self, logs: Mapping[str, float]) -> float:
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

    def best(self, values: Iterable[float]) -> int | None:
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


def default_objective(model: GenerativeModel) -> str:
    """The objective where a user names none, by what the model declares.

    A bound compares models that train it and nothing else. The losses of
    others (adversaries, distances between latents) say little about how good
    samples are, so those are compared themselves.
    """
    elbo = MEASURES["negative_elbo"]
    bound = model.trains_bound and elbo.applies(model)
    return elbo.name if bound else "frechet_distance"


def chosen(
    model: GenerativeModel,
    objective: str | None,
    report: str | Sequence[str] | None,
    held_out: Source,
    odd: Source | None = None,
) -> tuple[Objective, tuple[Measure, ...]]:
    """The objective, and what is reported besides.

    Args:
        model: a compiled `GenerativeModel`.
        objective: see `parse_objective`; default: `default_objective`.
        report: text or texts, see `parse_measure`; default: coverage, where
            samples are compared and there are enough examples.
        held_out: what it is measured on.
        odd: held-out rows that are odd, for measures of detection.

    Raises:
        ValueError: if the model or the data do not have what is measured.
    """
    if objective is None:
        objective = default_objective(model)
    objective = parse_objective(objective)
    count = len(held_out)
    if report is None:
        kinds = [measure.kind for measure in objective.measures]
        enough = count >= MEASURES["coverage"].fewest
        report = ("coverage",) if "samples" in kinds and enough else ()
    if isinstance(report, str):
        report = (report,)
    reported = tuple(parse_measure(text) for text in report)
    measures = [*objective.measures, *reported]
    check_enough(measures, count)
    check_odd(measures, odd)
    check_measures(model, measures, held_out)
    return objective, reported


def check_measures(
    model: GenerativeModel, measures: Sequence[Measure], held_out: Source
) -> None:
    """Raises ValueError if the model cannot be measured so.

    Args:
        model: a compiled `GenerativeModel`.
        measures: `Measure`s.
        held_out: what it is measured on. Where a measure is one that
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


def check_enough(measures: Sequence[Measure], count: int) -> None:
    """Raises ValueError for too few held-out examples."""
    for measure in measures:
        if count < measure.fewest:
            raise ValueError(
                f"{measure.name} takes {measure.fewest} held-out examples or "
                f"more, but the validation split has {count}: take more data, "
                "or look for something else."
            )


def check_odd(measures: Sequence[Measure], odd: Source | None) -> None:
    """Raises ValueError if odd rows are to be found and there are none."""
    for measure in measures:
        if measure.kind == "detection" and not odd:
            raise ValueError(
                f"{measure.name} is of held-out rows that are odd, but there "
                "are none: pass --normal-only (in Python odd=) for data that "
                "have them, or look for something else."
            )


def check_comparable(
    space: keras_tuner.HyperParameters, objective: Objective
) -> None:
    """Raises ValueError if the objective would compare other units.

    Nats of densities compare, and those of probabilities of as many levels.
    """
    in_nats = ("negative_elbo", "importance_weighted_bound")
    named = [m.name for m in objective.measures if m.name in in_nats]
    for parameter in space.space:
        values = getattr(parameter, "values", ())
        if parameter.name != "likelihood" or not named:
            continue
        if len({probability.get(value).levels for value in values}) > 1:
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
