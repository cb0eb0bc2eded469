"""A search as its report looks at it: trials by rank, and axes."""

import dataclasses
import functools
import math
import numbers
import typing
from collections.abc import Iterable, Sequence

from tfgen.reports.short_text import number
from tfgen.tuning.report.result_files import settings
from tfgen.tuning.trial_record import TrialRecord

if typing.TYPE_CHECKING:
    import keras_tuner
    from keras_tuner.engine.hyperparameters import HyperParameter


@dataclasses.dataclass(frozen=True)
class Scale:
    """An axis of numbers, linear or logarithmic, or of categories.

    Attributes:
        name: what the axis shows.
        low: its lower end; numbers beyond the ends stand at the ends.
        high: its upper end.
        log: whether the distance of numbers is that of their logarithms.
        categories: values that are the points of the axis; None for numbers.
        default: place of the default, for what a trial does not have.
        whole: whether the axis is of whole numbers.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    categories: tuple | None = None
    default: float = 0.5
    whole: bool = False

    def position(self, value: object) -> float | None:
        """The place of a value in [0, 1]; None for what has none."""
        if self.categories is not None:
            if value not in self.categories:
                return None
            return (self.categories.index(value) + 0.5) / len(self.categories)
        if not _is_number(value) or (self.log and value <= 0):
            return None
        measure = math.log if self.log else float
        low, high, value = map(measure, (self.low, self.high, value))
        if high == low:
            return 0.5
        return min(max((value - low) / (high - low), 0.0), 1.0)


@dataclasses.dataclass(frozen=True)
class View:
    """Trials and the axes that all parts of a report share.

    Attributes:
        records: all trials in order.
        direction: `"min"` or `"max"`.
        scales: an axis for each hyperparameter that is not fixed.
        score: the axis of the scores, by the name of the objective.
    """

    records: tuple[TrialRecord, ...]
    direction: str
    scales: tuple[Scale, ...]
    score: Scale

    @functools.cached_property
    def completed(self) -> list[TrialRecord]:
        """Trials with a score, the best first."""
        sign = -1 if self.direction == "max" else 1
        found = [record for record in self.records if has_score(record)]
        return sorted(found, key=lambda r: (sign * r.score, r.trial_id))

    @functools.cached_property
    def others(self) -> list[TrialRecord]:
        """Trials without a score."""
        return [record for record in self.records if not has_score(record)]


def view_of(
    records: Sequence[TrialRecord],
    objective_name: str,
    direction: str,
    hyperparameters: "keras_tuner.HyperParameters",
) -> View:
    """Finds the axes: of the search space, else of what the trials have."""
    scores = [record.score for record in records if has_score(record)]
    return View(
        tuple(records),
        direction,
        tuple(_scales(records, hyperparameters)),
        scale_of_numbers(objective_name, scores),
    )


def has_score(record: TrialRecord) -> bool:
    """Whether a trial completed with a finite score."""
    return record.status == "completed" and math.isfinite(record.score)


def scale_of(hyperparameter: "HyperParameter") -> Scale:
    """The axis of a `keras_tuner` hyperparameter that is not fixed."""
    if hasattr(hyperparameter, "min_value"):
        scale = Scale(
            hyperparameter.name,
            hyperparameter.min_value,
            hyperparameter.max_value,
            log=hyperparameter.sampling == "log",
            whole=isinstance(hyperparameter.min_value, int),
        )
    else:
        values = getattr(hyperparameter, "values", (False, True))
        scale = Scale(hyperparameter.name, categories=tuple(values))
    default = scale.position(hyperparameter.default)
    return dataclasses.replace(scale, default=default)


def scale_of_values(name: str, values: Iterable) -> Scale:
    """The axis of a hyperparameter whose range is not known."""
    values = list(dict.fromkeys(v for v in values if v is not None))
    if all(map(_is_number, values)):
        return scale_of_numbers(name, values)
    return Scale(name, categories=tuple(sorted(values, key=str)))


def scale_of_numbers(name: str, values: Iterable) -> Scale:
    """An axis of numbers that leaves out what would hide all else.

    It ends at the outermost values. Those farther from the quartiles than
    five times the distance between these do not count: for them there is a
    tenth more room on their side.
    """
    values = sorted(filter(_is_number, values))
    if not values:
        return Scale(name)
    first, third = (values[round(q * (len(values) - 1))] for q in (0.25, 0.75))
    reach = 5 * (third - first) or math.inf
    near = [v for v in values if first - reach <= v <= third + reach]
    low, high = near[0], near[-1]
    room = (high - low) / 10
    return Scale(
        name,
        low - room * (values[0] < low),
        high + room * (values[-1] > high),
    )


def text_of(value: object) -> str:
    """A value of a hyperparameter as text.

    >>> text_of(0.00012345678), text_of(True), text_of(None), text_of("mlp")
    ('0.0001235', 'yes', '', 'mlp')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return str(value)


def _is_number(value):
    return (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _scales(records, hyperparameters):
    import keras_tuner

    found, fixed = {}, set()
    for hyperparameter in hyperparameters.space:
        name = hyperparameter.name
        if isinstance(hyperparameter, keras_tuner.engine.hyperparameters.Fixed):
            fixed.add(name)
        else:
            found.setdefault(name, scale_of(hyperparameter))
    values = {}
    for record in records:
        for name, value in settings(record.values).items():
            values.setdefault(name, []).append(value)
    for name in values:
        if name not in found and name not in fixed:
            found[name] = scale_of_values(name, values[name])
    return found.values()
