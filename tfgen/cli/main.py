"""The `tfgen` command."""

import sys
import traceback
import warnings
from typing import Annotated

import typer

from tfgen import plugins
from tfgen.cli.calibrate import calibrate
from tfgen.cli.check import check
from tfgen.cli.detect import detect
from tfgen.cli.evaluate import evaluate
from tfgen.cli.files import decode, encode, impute, reconstruct, score
from tfgen.cli.fit_prior import fit_prior
from tfgen.cli.info import info
from tfgen.cli.launch import launch
from tfgen.cli.options import with_options
from tfgen.cli.output import error_line, lasting_output
from tfgen.cli.pack import pack
from tfgen.cli.sample import sample
from tfgen.cli.schema import schema
from tfgen.cli.serving import export, serve, serving_kit, verify
from tfgen.cli.start import start
from tfgen.cli.train import train
from tfgen.cli.tune import tune
from tfgen.version import __version__

INTERRUPTED = 130
NOT_FINITE = 3
"""A training whose numbers overflowed: another rate helps, no second try."""
COMMANDS = (
    train,
    launch,
    tune,
    fit_prior,
    sample,
    evaluate,
    score,
    calibrate,
    detect,
    encode,
    reconstruct,
    decode,
    impute,
    export,
    verify,
    serve,
    serving_kit,
    pack,
    schema,
    check,
    info,
)
Option = typer.Option


def make_app() -> typer.Typer:
    """The commands with an option for each setting, those of plugins too."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in COMMANDS:
        app.command()(with_options(command))
    app.callback()(tfgen)
    return app


def tfgen(
    version: Annotated[
        bool,
        Option("--version", is_eager=True, help="Show the version and exit."),
    ] = False,
    debug: Annotated[
        bool, Option("--debug", help="Show the traceback of an error.")
    ] = False,
    plugin: Annotated[
        list[str] | None,
        Option(
            metavar="FILE",
            help="A Python file, or a module, that registers a family of "
            "models; may be given several times. So may the environment "
            f"variable {plugins.VARIABLE}.",
        ),
    ] = None,
) -> None:
    """Train, tune, evaluate and serve deep generative models."""


def main() -> None:
    """Runs a command; an error is one line and a status other than 0."""
    arguments = sys.argv[1:]
    if "--version" in arguments[:1]:
        print(f"tfgen {__version__}")
        sys.exit()
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]
    with lasting_output(), warnings.catch_warnings():
        try:
            plugins.name_plugins(_take_plugins(arguments))
            if plugins.any_plugins():
                # Before the options are made, which they add to.
                start("loading plugins")
            make_app()(arguments, prog_name="tfgen")
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except Exception as error:
            if debug:
                traceback.print_exc()
            print(f"tfgen: {error_line(error)}", file=sys.stderr)
            overflowed = isinstance(error, FloatingPointError)
            sys.exit(NOT_FINITE if overflowed else 1)


def _take_plugins(arguments):
    """Takes `--plugin NAME` and `--plugin=NAME` out of the arguments."""
    names, rest = [], iter(list(arguments))
    arguments.clear()
    for word in rest:
        if word == "--plugin":
            names.append(next(rest, ""))
        elif word.startswith("--plugin="):
            names.append(word.removeprefix("--plugin="))
        else:
            arguments.append(word)
    return names
