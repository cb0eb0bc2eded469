"""The commands `tfgen export`, `verify`, `serve` and `serving-kit`."""

import json
import math
import os
import pathlib
import re
import shlex
import sys
from typing import Annotated

import typer

from tfgen.cli.start import start


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
        typer.Option(
            min=1, metavar="N", help="Version to write [next free one]"
        ),
    ] = None,
    serving_default: Annotated[
        str | None,
        typer.Option(
            metavar="SIGNATURE",
            help="Signature for requests that name none [generate]",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Keep the last N versions, remove earlier ones [keep all]",
        ),
    ] = None,
    protect: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Keep version N whatever --keep says; may be repeated.",
        ),
    ] = None,
    flat: Annotated[
        bool,
        typer.Option(help="Write BASE itself, without versions (Vertex AI)."),
    ] = False,
) -> None:
    """Write a SavedModel that TensorFlow Serving loads."""
    start(f"exporting {run}")
    from tfgen.export import export_saved_model
    from tfgen.export.version_folders import list_versions
    from tfgen.runs.folder import RunFolder

    folder = RunFolder(run)
    model = folder.load_model()
    before = list_versions(to)
    path = export_saved_model(
        model,
        to,
        version,
        serving_default=serving_default,
        keep=keep,
        protect=protect or (),
        flat=flat,
        run=_describe(folder),
    )
    print(f"SavedModel   {path}")
    for version_path in before.values():
        if not version_path.exists():
            print(f"removed      {version_path}")
    for name, reason in model.withheld_endpoints().items():
        print(f"left out     {name}: {reason}")
    if model.held_out_scores is not None:
        print(f"detector     {model.held_out_scores}")
    print(f"check it     tfgen verify {shlex.quote(str(path))}")


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
    start(f"verifying {path}")
    from tfgen.export import VerificationError
    from tfgen.export import verify as verify_saved_model

    try:
        print(verify_saved_model(path))
    except VerificationError as error:
        print(error.report)
        raise


def serve(
    base: Annotated[
        pathlib.Path,
        typer.Argument(metavar="BASE", help="Folder with the versions."),
    ],
    name: Annotated[
        str | None,
        typer.Option(help="Name of the model for clients [the folder's]"),
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
        typer.Option(help="Serve all versions [the newest]"),
    ] = False,
    max_request_mebibytes: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Size of a request [64]"),
    ] = None,
) -> None:
    """Run a development server that answers as TensorFlow Serving does.

    On 127.0.0.1, without encryption or authentication: to try a model and its
    clients, not for production. A client has 60 seconds for a request; 256
    connections by REST and 1,024 requests by gRPC are open at a time.
    """
    start(f"starting a server for {base}")
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
    if max_request_mebibytes is not None:
        arguments += ["--max-request-mebibytes", str(max_request_mebibytes)]
    command, environment = process_command(*arguments)
    sys.stdout.flush()
    # In place of this process, which holds Python's TensorFlow.
    os.execve(command[0], command, environment)


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
    """Write the files that run exports on TensorFlow Serving."""
    start(f"writing a serving kit to {out}")
    from tfgen.export.serving_kit import write_serving_kit

    folder = write_serving_kit(base, out)
    print(f"kit          {folder}")
    print(f"read         {folder / 'README.md'}")
    quoted = shlex.quote(str(folder))
    print(f"start        cd {quoted} && docker compose up -d --wait")


def _describe(folder) -> dict:
    """Where the weights come from, and how good they were."""
    manifest = folder.manifest()
    data = manifest.get("data", {})
    return {
        "command": without_folders(manifest.get("command") or ""),
        "seed": manifest.get("seed"),
        "data": {key: data.get(key) for key in ("description", "fingerprint")},
        "metrics": _metrics(folder),
    }


def without_folders(command: str) -> str:
    """A command with the names of its files: others' business is no more."""
    words = (word.rstrip("/") for word in shlex.split(command))
    return shlex.join(re.sub(r"[^=]*/", "", word) for word in words)


def _metrics(folder) -> dict:
    """The history's row of the epoch whose weights were kept."""
    from tfgen.callbacks import read_history

    if not folder.history_file.exists():
        return {}
    history = read_history(folder.history_file)
    record = folder.model_file.with_suffix(".json")
    epochs = history.get("epoch", [])
    kept = max(epochs, default=None)
    if record.exists():
        kept = json.loads(record.read_text()).get("epoch", kept)
    if kept not in epochs:
        return {}
    row = {name: values[epochs.index(kept)] for name, values in history.items()}
    return {k: v for k, v in row.items() if math.isfinite(v)}
