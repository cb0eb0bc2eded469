"""The settings of one training, checked once and frozen."""

import typing
from collections.abc import Callable, Iterator, Mapping

from tfgen.settings.table import PARTS, SETTINGS


class Settings(Mapping):
    """Settings by name, as `config.json` has them.

    Holds what was chosen; what is absent has its default. A flag that is off
    is absent, unless false says something else than nothing.

    Args:
        given: values by name.
        written: how names are written in messages.
        family: a `tfgen.models.Family`, whose parts the settings must fit.

    Raises:
        ValueError: with all reasons: unknown names, values that settings do
            not take, settings that exclude each other, settings of parts
            that the family's models lack.

    Example:
    >>> settings = Settings({"model": "vae", "beta": 2, "conditional": False})
    >>> dict(settings)
    {'model': 'vae', 'beta': 2}
    >>> dict(settings.replaced(beta=None, seed=1))
    {'model': 'vae', 'seed': 1}
    """

    def __init__(
        self,
        given: Mapping[str, typing.Any],
        written: Callable[[str], str] = str,
        family=None,
    ):
        chosen = {k: v for k, v in given.items() if not is_off(k, v)}
        reasons = [
            *_unknown(chosen, written),
            *_misfits(chosen, written),
            *_conflicts(chosen, written),
            *_idle(chosen, written, family),
        ]
        if reasons:
            raise ValueError(" ".join(reasons))
        self._values = chosen

    def __getitem__(self, name: str) -> typing.Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Settings({self._values})"

    def replaced(self, **changes) -> "Settings":
        """Others, with some values changed; None takes one out."""
        kept = {**self._values, **changes}
        return Settings({k: v for k, v in kept.items() if v is not None})

    def arguments(self) -> dict[str, typing.Any]:
        """Those that are arguments of `tfgen.build`."""
        return {k: v for k, v in self.items() if SETTINGS[k].is_argument}


def is_off(name: str, value: typing.Any) -> bool:
    """Whether a setting has the value that it has when left out.

    >>> is_off("conditional", False), is_off("header", False)
    (True, False)
    """
    tells_false = name in SETTINGS and SETTINGS[name].tells_false
    return value is False and not tells_false


def as_option(name: str) -> str:
    """How the command line writes a setting.

    >>> as_option("latent_dim")
    '--latent-dim'
    """
    return SETTINGS[name].option if name in SETTINGS else name


def _unknown(given, written):
    unknown = [repr(name) for name in given if name not in SETTINGS]
    if unknown:
        yield (
            f"no training has a setting {', '.join(unknown)}: leave it out; "
            f"the settings are {', '.join(SETTINGS)}."
        )


def _misfits(given, written):
    for name, value in given.items():
        if name in SETTINGS:
            reason = SETTINGS[name].why_not(value, written)
            if reason is not None:
                yield reason


def _conflicts(given, written):
    for name in given:
        excluded = SETTINGS[name].excludes if name in SETTINGS else ()
        for other in excluded:
            if other in given:
                yield (
                    f"{written(name)} is {_shown(given[name])} and "
                    f"{written(other)} is {_shown(given[other])}, which "
                    "exclude each other: leave one out."
                )
    if "replicas" in given and given.get("strategy", "none") == "none":
        yield (
            f"{written('replicas')} is {given['replicas']}, but one device is "
            f"used: pass {written('strategy')} mirrored with it."
        )


def _idle(given, written, family):
    """Settings of parts, and names, that the family's models do not have."""
    if family is None:
        return
    for name, value in given.items():
        setting = SETTINGS.get(name)
        if not setting or not setting.is_of_models:
            continue
        if family.takes(setting):
            names = family.names(setting)
            if value in setting.names and value not in names:
                yield (
                    f"{written(name)} is {value}, expected one of "
                    f"{', '.join(names)} for a model {family.name!r}."
                )
            continue
        lacks = f"a model {family.name!r} has no {PARTS.get(setting.part)}"
        if setting.part not in PARTS:
            lacks = f"it is for a model {setting.part!r}, not {family.name!r}"
        yield f"{written(name)} is {_shown(value)}, but {lacks}: leave it out."


def _shown(value):
    return f"{value:g}" if isinstance(value, float) else str(value)
