"""One setting: what values it takes and where it applies."""

import dataclasses
import math
import numbers
import re
import typing
from collections.abc import Callable

from tfgen.settings.names import names_of

_KINDS = {
    int: "a whole number",
    float: "a finite number",
    bool: "true or false",
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A row of the table of settings.

    Attributes:
        name: key in `config.json`; the option is `--name` with dashes.
        kind: `int`, `float`, `str` or `bool`.
        help: the option's help text, a noun first, with the default in
            brackets.
        metavar: what the help shows for the value; None: NAME, or N for a
            whole number.
        least: smallest number, None for no bound.
        above: number that it must be larger than.
        most: largest number.
        below: number that it must be smaller than.
        choices: the names that it may be; or where they are registered, as
            `"package.module:DICTIONARY"`. Empty: any name.
        form: of a text: a regular expression, and what it says in words.
        part: the part of a model that it belongs to: the name of a part that
            families declare (`"encoder"`, `"discriminator"`), the name of a
            family, `"model"` for all families, `"training"` or `"data"`.
        derived: whether `tfgen.runs.model` makes something of it; else it is
            the parameter of `tfgen.build` that has its name.
        excludes: settings that say nothing beside it.
        joins: settings that are searched too where it is given.
        search: makes the parameter that a search draws it from, from the
            training data and the family; None: not searched by default.
        of_data_set: whether all trials of a search share it.
        fixed_by_option: whether an option of `tfgen tune` fixes it in all
            trials, as `--space name=value` does.
        tells_false: whether false says something else than leaving it out.

    Example:
    >>> beta = Setting("beta", kind=float, least=0.0, help="KL weight")
    >>> beta.expected
    'a finite number of 0 or more'
    >>> beta.why_not(-1.0)
    'beta is -1, expected a finite number of 0 or more.'
    """

    name: str
    _: dataclasses.KW_ONLY
    kind: type = str
    help: str
    metavar: str | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | str = ()
    form: tuple[str, str] = (".*", "a name")
    part: str = "model"
    derived: bool = False
    excludes: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    search: Callable | None = None
    of_data_set: bool = False
    fixed_by_option: bool = False
    tells_false: bool = False

    @property
    def option(self) -> str:
        """The name on a command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_of_models(self) -> bool:
        """Whether it belongs to models, not to data or a training."""
        return self.part not in ("training", "data")

    @property
    def is_argument(self) -> bool:
        """Whether it is a parameter of `tfgen.build`."""
        return self.is_of_models and not self.derived

    @property
    def names(self) -> tuple[str, ...]:
        """The names to choose from, () for any."""
        return names_of(self.choices)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        if self.names:
            return f"one of {', '.join(self.names)}"
        words = self.form[1] if self.kind is str else _KINDS[self.kind]
        if self.above is not None:
            return f"a number above {_plain(self.above)}"
        if self.least is None:
            return words
        upper = self.most if self.below is None else self.below
        inner = "" if self.below is None else "below "
        if upper is None:
            return f"{words} of {_plain(self.least)} or more"
        return f"{words} from {_plain(self.least)} to {inner}{_plain(upper)}"

    def fits(self, value: typing.Any) -> bool:
        """Whether it takes this value."""
        if isinstance(value, bool) or self.kind is bool:
            return isinstance(value, bool) and self.kind is bool
        if self.kind is str:
            known = not self.names or value in self.names
            if not isinstance(value, str) or not known:
                return False
            return re.fullmatch(self.form[0], value, re.DOTALL) is not None
        kinds = numbers.Integral if self.kind is int else numbers.Real
        if not isinstance(value, kinds) or not math.isfinite(value):
            return False
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def why_not(
        self, value: typing.Any, written: Callable[[str], str] = str
    ) -> str | None:
        """Why it does not take a value, as a sentence; None if it does.

        Args:
            value: of any type.
            written: how the name is written, such as an option.
        """
        if self.fits(value):
            return None
        decimal = isinstance(value, float) and self.kind is float
        shown = f"{value:g}" if decimal else repr(value)
        return f"{written(self.name)} is {shown}, expected {self.expected}."


def _plain(number):
    """Whole numbers in full."""
    return f"{number:g}" if isinstance(number, float) else str(number)
