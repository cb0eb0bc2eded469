"""Options of commands, made from the table of settings."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from tfgen.settings.setting import Setting
from tfgen.settings.table import SETTINGS

METAVARS = {int: "N", float: "NUMBER", str: "NAME", bool: None}


def takes_settings(picks: Callable[[Setting], bool]) -> Callable:
    """Marks a command whose `**settings` are rows of the table.

    So are parameters without an annotation, which keep their place.

    Args:
        picks: which rows are options of the command.
    """

    def mark(command):
        command.picks = picks
        return command

    return mark


def with_options(command: Callable) -> Callable:
    """The command as Typer wants it, with an option for each setting.

    Made when the command line starts, since plugins add settings.
    """
    if not hasattr(command, "picks"):
        return command
    own = inspect.signature(command).parameters
    parameters = []
    for parameter in own.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            parameters += [
                _parameter(setting)
                for setting in SETTINGS.values()
                if command.picks(setting) and setting.name not in own
            ]
        elif parameter.annotation is parameter.empty:
            parameters.append(_parameter(SETTINGS[parameter.name]))
        else:
            parameters.append(parameter.replace(kind=parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def run(**given):
        return command(**given)

    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def chosen(given: dict) -> dict:
    """The settings and options that were given.

    A flag that was switched off is among them: it overrides what a file says.
    """
    return {
        name: value
        for name, value in given.items()
        if value is not None and value != []
    }


def _parameter(setting):
    flags = [setting.option]
    if setting.kind is bool:
        flags = [f"{setting.option}/--no-{setting.option.removeprefix('--')}"]
    option = typer.Option(
        *flags,
        min=setting.least if setting.above is None else setting.above,
        max=setting.most,
        metavar=setting.metavar or METAVARS[setting.kind],
        help=setting.help.replace("{names}", ", ".join(setting.names)),
        autocompletion=(lambda: list(setting.names)) if setting.names else None,
    )
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[setting.kind | None, option],
    )
