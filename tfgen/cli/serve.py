"""The command `tfgen serve`."""

import os
import pathlib
import re
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
    grpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="gRPC; 0: any free one.")
    ] = 8500,
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=N",
            help="Serve version N too, under a label. May be repeated.",
        ),
    ] = None,
    all_versions: Annotated[
        bool,
        typer.Option("--all-versions", help="Serve them all [the newest]"),
    ] = False,
) -> None:
    """Run a development server that answers as TensorFlow Serving does.

    On 127.0.0.1, without encryption or authentication: to try a model and its
    clients, not for production.
    """
    from tfgen.export.standalone import process_command

    arguments = ["serve", str(base)]
    arguments += ["--rest-port", str(rest_port), "--grpc-port", str(grpc_port)]
    if name is not None:
        arguments += ["--name", name]
    for text in label or []:
        if not re.fullmatch(r"[^=/:]+=\d+", text):
            raise ValueError(
                f"--label is {text!r}, expected a name and a version, such as "
                "stable=3."
            )
        arguments += ["--label", text]
    if all_versions:
        arguments.append("--all-versions")
    command, environment = process_command(*arguments)
    sys.stdout.flush()
    # In place of this process, which holds Python's TensorFlow.
    os.execve(command[0], command, environment)
