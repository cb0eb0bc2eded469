"""The `tfgen` command."""

import sys
import traceback
from typing import Annotated

import typer

from tfgen.cli.error_line import error_line
from tfgen.cli.evaluate import evaluate
from tfgen.cli.export import export
from tfgen.cli.info import info
from tfgen.cli.lasting_output import lasting_output
from tfgen.cli.sample import sample
from tfgen.cli.serve import serve
from tfgen.cli.serving_kit import serving_kit
from tfgen.cli.train import train
from tfgen.cli.tune import tune
from tfgen.cli.verify import verify
from tfgen.version import __version__

INTERRUPTED = 130
COMMANDS = (
    train,
    tune,
    sample,
    evaluate,
    export,
    verify,
    serve,
    serving_kit,
    info,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(command)


def _show_version(asked: bool):
    if asked:
        print(f"tfgen {__version__}")
        raise typer.Exit


@app.callback()
def tfgen(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Train, tune, evaluate and serve deep generative models."""


def main() -> None:
    """Runs a command; an error is one line and a status other than 0."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    with lasting_output():
        try:
            app(arguments, prog_name="tfgen")
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except Exception as error:
            if debug:
                traceback.print_exc()
            print(f"tfgen: {error_line(error)}", file=sys.stderr)
            sys.exit(1)
