"""What a user says of a parameter, in Python or in words."""

import dataclasses
import math
from collections.abc import Iterable

from tfgen.settings.parameters import Choice, Fixed, Parameter, Range
from tfgen.settings.table import SETTINGS, searchable

WIDE = 10.0
"""Ranges whose ends have this ratio are searched by ratio."""


def parse(text: str | Iterable[str]) -> dict:
    """What the words say, as `SearchSpace.narrowed` takes it.

    Args:
        text: `name=low..high`, `name=value,value` or `name=value`; several
            with blanks between them, or as a list.

    Raises:
        ValueError: for anything else.

    Example:
    >>> parse("latent_dim=8..64 network=mlp,conv beta=1")
    {'latent_dim': (8, 64), 'network': ['mlp', 'conv'], 'beta': 1.0}
    """
    words = text.split() if isinstance(text, str) else list(text)
    given = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not value:
            raise ValueError(
                f"{word!r} is not name=value: pass name=low..high, "
                "name=value,value or name=value, such as latent_dim=8..64."
            )
        if name in given:
            raise ValueError(f"{name} was given twice: leave one out.")
        given[name] = _value(name, value)
    return given


def parameter_of(
    name: str, value: object, shipped: Parameter | None
) -> Parameter:
    """The parameter that a user's value stands for.

    Args:
        name: of a setting.
        value: `(low, high)`, a list of values, a value, or a `Parameter`.
        shipped: what the space has by that name; scale, step and default are
            taken from it where they fit.

    Raises:
        ValueError: for a name that no setting has, or values that the setting
            does not take.
    """
    check_name(name)
    if isinstance(value, Parameter):
        return value
    only = None if shipped is None else shipped.only
    if isinstance(value, tuple):
        parameter = _range(name, value, shipped)
    elif isinstance(value, list):
        parameter = _choice(name, value, shipped)
    else:
        parameter = Fixed(_checked(name, value))
    return dataclasses.replace(parameter, only=only)


def check_name(name: str) -> None:
    """Raises ValueError for what is no searchable setting."""
    if name not in searchable():
        raise ValueError(
            f"{name!r} is no setting that can be searched; those are "
            f"{', '.join(searchable())}."
        )


def _range(name, value, shipped):
    kind = SETTINGS[name].kind
    if len(value) != 2 or kind not in (int, float):
        raise ValueError(
            f"{name} is {value!r}, expected "
            + (
                "a list of values: only numbers have ranges."
                if kind not in (int, float)
                else "a range (low, high)."
            )
        )
    low, high = (_checked(name, end) for end in value)
    if low > high:
        raise ValueError(
            f"{name} is from {low:g} to {high:g}: pass the lower end first."
        )
    if low == high:
        return Fixed(low)
    if not isinstance(shipped, Range):
        default = low if shipped is None else shipped.default
        default = min(max(default, low), high)
        return Range(low, high, default, low > 0 and high >= WIDE * low)
    log = shipped.log and low > 0
    return Range(
        low,
        high,
        min(max(shipped.default, low), high),
        log,
        _step_to(high / low if log else high - low, shipped, log),
    )


def _step_to(distance, shipped, log):
    """The shipped step if it leads from end to end, else None: any value."""
    step = shipped.step if log == shipped.log else None
    if step is None:
        return None
    steps = math.log(distance, step) if log else distance / step
    return step if math.isclose(steps, round(steps), abs_tol=1e-9) else None


def _choice(name, value, shipped):
    if not value:
        raise ValueError(f"{name} is [], expected a list of values.")
    values = tuple(dict.fromkeys(_checked(name, each) for each in value))
    if len(values) == 1:
        return Fixed(values[0])
    default = None if shipped is None else shipped.default
    return Choice(values, default if default in values else values[0])


def _checked(name, value):
    reason = SETTINGS[name].why_not(value)
    if reason is not None:
        raise ValueError(reason)
    return SETTINGS[name].kind(value)


def _value(name, text):
    if ".." in text:
        low, high = text.split("..", 1)
        return _number(name, low), _number(name, high)
    if "," in text:
        return [_number(name, part) for part in text.split(",")]
    return _number(name, text)


def _number(name, text):
    """A number or a truth value, where the text is one."""
    check_name(name)
    setting, text = SETTINGS[name], text.strip()
    if setting.kind is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if setting.kind in (int, float):
        try:
            return setting.kind(text)
        except ValueError:
            raise ValueError(setting.why_not(text)) from None
    return text
