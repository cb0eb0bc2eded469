"""The command `tfgen export`."""

import pathlib
import shlex
from typing import Annotated

import typer


def export(
    run: Annotated[
        pathlib.Path, typer.Argument(metavar="RUN", help="Folder of a run.")
    ],
    to: Annotated[
        pathlib.Path,
        typer.Option(metavar="BASE", help="Folder that holds the versions."),
    ],
    version: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Its number [the next free one]"),
    ] = None,
) -> None:
    """Write a SavedModel that TensorFlow Serving loads."""
    from tfgen.cli.run_folder import RunFolder
    from tfgen.export import export_saved_model

    model = RunFolder(run).load_model()
    path = export_saved_model(model, to, version)
    print(f"SavedModel   {path}")
    for name, reason in model.withheld_endpoints().items():
        print(f"left out     {name}: {reason}")
    print(f"check it     tfgen verify {shlex.quote(str(path))}")
