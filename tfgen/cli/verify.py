"""The command `tfgen verify`."""

import pathlib
from typing import Annotated

import typer


def verify(
    path: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="BASE/N", help="A version's folder; BASE: the newest."
        ),
    ],
) -> None:
    """Run every signature in TensorFlow's C++ runtime, as a server does.

    Answers are compared with those that the model gave when it was exported;
    then 1,000 concurrent requests, merged by TensorFlow's scheduler, with the
    same ones asked alone.
    """
    from tfgen.export import VerificationError
    from tfgen.export import verify as verify_saved_model

    try:
        print(verify_saved_model(path))
    except VerificationError as error:
        print(error.report)
        raise
