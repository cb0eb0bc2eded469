"""The `tfgen` command."""

import sys
import traceback

import typer

from tfgen.cli.export import export
from tfgen.cli.info import info
from tfgen.cli.sample import sample
from tfgen.cli.train import train
from tfgen.cli.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train, sample and serve deep generative models. --debug shows the "
    "traceback of an error.",
)
for command in (train, sample, export, verify, info):
    app.command()(command)


def main() -> None:
    """Runs a command; an error is one line and a status other than 0."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        app(arguments, prog_name="tfgen")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if debug:
            traceback.print_exc()
        print(f"tfgen: {_one_line(error)}", file=sys.stderr)
        sys.exit(1)


def _one_line(error):
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, (ValueError, OSError, FloatingPointError)):
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"
