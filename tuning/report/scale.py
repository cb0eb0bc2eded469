"""Where values stand on an axis."""

import dataclasses
import math
import numbers

from tfgen.reports.page import number


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

    def position(self, value) -> float | None:
        """The place of a value in [0, 1]; None for what has none."""
        if self.categories is not None:
            if value not in self.categories:
                return None
            return (self.categories.index(value) + 0.5) / len(self.categories)
        if not _is_number(value) or (self.log and value <= 0):
            return None
        low, high, value = map(self._measure, (self.low, self.high, value))
        if high == low:
            return 0.5
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Places with their texts."""
        if self.categories is not None:
            return [(self.position(v), text_of(v)) for v in self.categories]
        if self.high == self.low:
            return [(0.5, number(self.low))]
        values = _powers(self) if self.log else _round_numbers(self)
        texts = [number(value) for value in values]
        if len(set(texts)) < len(texts):
            texts = [f"{value:.10g}" for value in values]
        return list(zip(map(self.position, values), texts, strict=True))

    def _measure(self, value):
        return math.log(value) if self.log else float(value)


def scale_of(hyperparameter) -> Scale:
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


def scale_of_values(name: str, values) -> Scale:
    """The axis of a hyperparameter whose range is not known."""
    values = list(dict.fromkeys(v for v in values if v is not None))
    if all(map(_is_number, values)):
        return scale_of_numbers(name, values)
    return Scale(name, categories=tuple(sorted(values, key=str)))


def scale_of_numbers(name: str, values) -> Scale:
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


def text_of(value) -> str:
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


def _powers(scale):
    """Powers of ten; with less than two of them, the ends too."""
    low, high = math.log10(scale.low), math.log10(scale.high)
    exponents = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    step = 1 + len(exponents) // 7
    powers = [10.0**exponent for exponent in exponents][::step]
    ends = [scale.low, scale.high] if len(powers) < 3 else []
    room = 0.09 * (high - low)
    return ends + [
        power
        for power in powers
        if all(abs(math.log10(power / end)) > room for end in ends)
    ]


def _round_numbers(scale):
    """Three to seven multiples of 1, 2 or 5 times a power of ten."""
    width = scale.high - scale.low
    step = 10.0 ** math.floor(math.log10(width / 3))
    step *= max(m for m in (1, 2, 5) if width / (step * m) >= 3 or m == 1)
    step = max(step, 1.0) if scale.whole else step
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    # Rounded, or 3 * 0.1 would be 0.30000000000000004.
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
