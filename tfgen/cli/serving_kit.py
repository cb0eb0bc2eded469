"""The command `tfgen serving-kit`."""

import pathlib
import shlex
from typing import Annotated

import typer


def serving_kit(
    base: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="BASE",
            help="Folder of a model's versions, or of several models.",
        ),
    ],
    out: Annotated[
        pathlib.Path,
        typer.Option(metavar="DIR", help="The folder to write; new or empty."),
    ],
) -> None:
    """Write what it takes to run exports on TensorFlow Serving."""
    from tfgen.export.serving_kit import write_serving_kit

    folder = write_serving_kit(base, out)
    print(f"kit          {folder}")
    print(f"read         {folder / 'README.md'}")
    quoted = shlex.quote(str(folder))
    print(f"start        cd {quoted} && docker compose up -d --wait")
