"""What of a run's folder is whole."""

import csv
import json
import os
import pathlib
import typing
import zipfile
from collections.abc import Callable, Iterator

import PIL.Image

from tfgen.callbacks.checkpoint_files import CheckpointFiles
from tfgen.runs.folder import RunFolder


class Found(typing.NamedTuple):
    """A file of a run, or a checkpoint."""

    path: pathlib.Path
    damage: str | None
    """What is wrong with it, in words; None if it is whole."""


def check_run(path: str | os.PathLike) -> Iterator[Found]:
    """Reads all files that a run needs, and says which are whole.

    Checkpoints are compared with their checksums, `model.keras` with those
    that it has inside; the others are read from end to end.

    Args:
        path: folder of the run.

    Raises:
        ValueError: if it is not the folder of a run.

    Example:
    >>> list(check_run("run"))
    Traceback (most recent call last):
    ValueError: run is not a run of `tfgen train`, it is no folder: ...
    """
    folder = RunFolder(path)
    if not folder.path.is_dir():
        folder.config()  # raises
    yield from _always(folder.config_file, _read_json)
    yield from _always(folder.manifest_file, _read_json)
    files = CheckpointFiles(folder.checkpoints)
    for checkpoint in files.all():
        yield Found(pathlib.Path(checkpoint), files.damage(checkpoint))
    readers = {
        folder.model_file: _read_zip,
        folder.model_file.with_suffix(".json"): _read_json,
        folder.history_file: _read_csv,
        folder.samples: _read_picture,
        folder.animation: _read_picture,
        folder.loss_plot: _read_picture,
    }
    for file, read in readers.items():
        if file.exists():
            yield Found(file, _damage(file, read))


def _always(file, read):
    if file.exists():
        yield Found(file, _damage(file, read))
    else:
        yield Found(file, "it is missing")


def _damage(file: pathlib.Path, read: Callable) -> str | None:
    try:
        return read(file)
    except Exception as error:  # whatever a reader makes of damaged bytes
        return " ".join(str(error).split()) or type(error).__name__


def _read_json(file):
    json.loads(file.read_text(encoding="utf-8"))


def _read_zip(file):
    with zipfile.ZipFile(file) as archive:
        broken = archive.testzip()
    return None if broken is None else f"{broken} in it has another checksum"


def _read_csv(file):
    with open(file, encoding="utf-8", newline="") as opened:
        header, *rows = csv.reader(opened, strict=True)
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            return f"line {number} has {len(row)} cells, not {len(header)}"
        [float(cell or 0) for cell in row]
    return None


def _read_picture(file):
    with PIL.Image.open(file) as picture:
        for frame in range(getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            picture.load()
