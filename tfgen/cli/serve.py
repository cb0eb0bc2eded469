"""The command `tfgen serve`."""

import os
import pathlib
import sys
from typing import Annotated

import typer


def serve(
    base: Annotated[
        pathlib.Path,
        typer.Argument(metavar="BASE", help="Folder with the versions."),
    ],
    name: Annotated[
        str | None,
        typer.Option(help="What clients call the model [the folder's name]"),
    ] = None,
    rest_port: Annotated[
        int, typer.Option(min=0, max=65535, help="REST; 0: any free one.")
    ] = 8501,
) -> None:
    """Run a development server that answers as TensorFlow Serving does.

    On 127.0.0.1, without encryption or authentication: to try a model and its
    clients, not for production.
    """
    from tfgen.export.standalone import process_command

    arguments = ["serve", str(base), "--rest-port", str(rest_port)]
    if name:
        arguments += ["--name", name]
    command, environment = process_command(*arguments)
    sys.stdout.flush()
    # In place of this process, which holds Python's TensorFlow.
    os.execve(command[0], command, environment)
