"""The command `tfgen verify`."""

import pathlib
from typing import Annotated

import typer


def verify(
    path: Annotated[
        pathlib.Path,
        typer.Argument(metavar="BASE/N", help="A version's folder."),
    ],
) -> None:
    """Run every signature in TensorFlow's C++ runtime, as a server does."""
    from tfgen.export import verify as verify_saved_model

    print(verify_saved_model(path))
