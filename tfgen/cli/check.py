"""The command `tfgen check`."""

import pathlib
import sys
from typing import Annotated

import typer

from tfgen.cli.start import start

DAMAGED = 1


def check(
    run: Annotated[
        pathlib.Path,
        typer.Argument(metavar="RUN", help="Folder of a run."),
    ],
) -> None:
    """Say which files of a run are whole, by checksums and by reading them.

    One line each; the status is 0 if all are, 1 if one is damaged. With a
    damaged checkpoint, `tfgen train --resume` goes on from the one before it.
    """
    start(f"checking {run}")
    from tfgen.runs.check import check_run

    damaged = False
    for path, damage in check_run(run):
        damaged = damaged or damage is not None
        print(f"{'whole' if damage is None else 'DAMAGED':8} {path}", end="")
        print(f": {damage}" if damage else "")
    sys.exit(DAMAGED if damaged else 0)
