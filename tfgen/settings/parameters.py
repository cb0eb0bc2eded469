"""What a parameter of a search space may be: a range, a choice, one value."""

import dataclasses
import math
import typing

if typing.TYPE_CHECKING:
    import keras_tuner


class Condition(typing.NamedTuple):
    """A parameter is there only where another has one of some values.

    Attributes:
        parameter: name of the other.
        values: of the other.

    Example:
    >>> hinge = tfgen.settings.Condition("loss", ("hinge",))
    >>> tfgen.settings.Range(0.1, 10.0, 1.0, only=hinge).only.parameter
    'loss'
    """

    parameter: str
    values: tuple


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Whole numbers if `low` and `high` are.

    Attributes:
        low: smallest value.
        high: largest value.
        default: value of the first trial of a grid.
        log: whether ratios count, not differences.
        step: between values, or with `log` the factor; None: any value.
        only: where the parameter is there; None: everywhere.

    Example:
    >>> latent_dim = tfgen.settings.Range(8, 64, 16, log=True, step=2)
    >>> latent_dim.grid(3).values
    (8, 16, 64)
    """

    low: float
    high: float
    default: float
    log: bool = False
    step: float | None = None
    only: Condition | None = None

    def __str__(self):
        scale = ", by ratio" if self.log else ""
        return f"{self.low:g} to {self.high:g}{scale}, default {self.default:g}"

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def register(
        self, name: str, hyperparameters: "keras_tuner.HyperParameters"
    ) -> float | None:
        """The value that was drawn; None where the parameter is absent."""
        register = hyperparameters.Int if self.whole else hyperparameters.Float
        return register(
            name,
            self.low,
            self.high,
            step=self.step,
            sampling="log" if self.log else "linear",
            default=self.default,
        )

    def grid(self, points: int) -> "Choice":
        """So many values from end to end, the default among them."""
        values = [self._at(i / (points - 1)) for i in range(points)]
        inner = values[1:-1]
        if self.default not in values and inner:
            place = min(inner, key=self._distance_from_default)
            values[values.index(place)] = self.default
        elif self.default not in values:
            values.insert(1, self.default)
        return Choice(tuple(dict.fromkeys(values)), self.default, self.only)

    def with_default(self, value: float) -> "Range":
        """The same with another default, as wide as this asks for."""
        low, high = min(self.low, value), max(self.high, value)
        return dataclasses.replace(self, low=low, high=high, default=value)

    def _at(self, share):
        """The value so far from `low` to `high`, on a step if there are."""
        if share in (0.0, 1.0):
            return self.high if share else self.low
        if self.log:
            value = self.low * (self.high / self.low) ** share
            if self.step is not None:
                steps = round(math.log(value / self.low, self.step))
                value = self.low * self.step**steps
        else:
            value = self.low + (self.high - self.low) * share
            if self.step is not None:
                steps = round((value - self.low) / self.step)
                value = self.low + steps * self.step
        return round(value) if self.whole else float(f"{value:.6g}")

    def _distance_from_default(self, value):
        if self.log:
            return abs(math.log(value / self.default))
        return abs(value - self.default)


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of several values.

    Attributes:
        values: of one type.
        default: value of the first trial of a grid.
        only: where the parameter is there; None: everywhere.

    Example:
    >>> print(tfgen.settings.Choice(("conv", "resnet"), "conv"))
    conv, resnet, default conv
    """

    values: tuple
    default: typing.Any
    only: Condition | None = None

    def __str__(self):
        listed = ", ".join(str(value) for value in self.values)
        return f"{listed}, default {self.default}"

    def register(
        self, name: str, hyperparameters: "keras_tuner.HyperParameters"
    ) -> typing.Any:
        """The value that was drawn; None where the parameter is absent."""
        return hyperparameters.Choice(
            name, list(self.values), default=self.default
        )

    def with_default(self, value: typing.Any) -> "Choice":
        """The same with another default, which is one of the values then."""
        values = self.values
        if value not in values:
            values = (*values, value)
        return dataclasses.replace(self, values=values, default=value)

    def grid(self, points: int) -> "Choice":
        """The same: a choice has its values already."""
        return self


@dataclasses.dataclass(frozen=True)
class Fixed:
    """One value.

    Attributes:
        value: number, name, or true or false.
        only: where the parameter is there; None: everywhere.

    Example:
    >>> tfgen.settings.Fixed("mlp").values
    ('mlp',)
    """

    value: typing.Any
    only: Condition | None = None

    @property
    def values(self) -> tuple:
        return (self.value,)

    @property
    def default(self) -> typing.Any:
        return self.value

    def __str__(self):
        return str(self.value)

    def register(
        self, name: str, hyperparameters: "keras_tuner.HyperParameters"
    ) -> typing.Any:
        """The value; None where the parameter is absent."""
        return hyperparameters.Fixed(name, self.value)

    def with_default(self, value: typing.Any) -> "Fixed":
        """That one value."""
        return dataclasses.replace(self, value=value)

    def grid(self, points: int) -> "Fixed":
        """The same."""
        return self


Parameter = Range | Choice | Fixed
