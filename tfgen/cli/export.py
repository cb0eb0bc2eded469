"""The command `tfgen export`."""

import json
import math
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
    serving_default: Annotated[
        str | None,
        typer.Option(
            metavar="SIGNATURE",
            help="What requests get that name no signature [generate]",
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
        typer.Option(
            "--flat", help="Write BASE itself, without versions (Vertex AI)."
        ),
    ] = False,
) -> None:
    """Write a SavedModel that TensorFlow Serving loads."""
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
    print(f"check it     tfgen verify {shlex.quote(str(path))}")


def _describe(folder) -> dict:
    """Where the weights come from, and how good they were."""
    manifest = folder.manifest()
    data = manifest.get("data", {})
    return {
        "command": manifest.get("command"),
        "seed": manifest.get("seed"),
        "data": {key: data.get(key) for key in ("description", "fingerprint")},
        "metrics": _metrics(folder),
    }


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
