"""Files are read before TensorFlow is loaded: what is wrong is said at once."""

import contextlib
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from tfgen.cli.output import show_notes


@contextlib.contextmanager
def read_ahead(
    name_or_path: str | None,
    settings: Mapping[str, Any],
    run: pathlib.Path | None = None,
    also: tuple[str, ...] = (),
    on_unknown: str = "refuse",
) -> Iterator[None]:
    """Reads data; within the block whoever loads them again has them.

    Known data sets are left to others, and so are TFRecords, which take
    TensorFlow.

    Args:
        name_or_path: as for `tfgen.data.load`; None reads nothing.
        settings: that say how they are read.
        run: folder of a run whose training data they are read like.
        also: further data that are read like these.
        on_unknown: as for `tfgen.data.load`, with a run.
    """
    from tfgen.data import load, names
    from tfgen.data.loader import read_once

    show_notes()
    with read_once():
        if name_or_path not in (None, *names()) and not _has_records(
            pathlib.Path(name_or_path)
        ):
            source = _load(name_or_path, settings, run, on_unknown)
            for other in also:
                if not _has_records(pathlib.Path(other)):
                    load(other, "all", like=source)
        yield


def _load(name_or_path, settings, run, on_unknown):
    from tfgen.data import load
    from tfgen.runs.load_options import load_options

    if run is None:
        return load(name_or_path, "all", **load_options(settings))
    like = _ReadingOfRun(run)
    if like.reading is None:
        return None
    return load(name_or_path, like=like, on_unknown=on_unknown)


class _ReadingOfRun:
    """What stands for a run's model before it can be loaded."""

    def __init__(self, run):
        from tfgen.data.reading import Reading

        self.reading = self.num_classes = None
        self.endpoints = ()
        try:
            text = (run / "manifest.json").read_text(encoding="utf-8")
            data = json.loads(text)["data"]
            config = (run / "config.json").read_text(encoding="utf-8")
            conditional = json.loads(config).get("conditional")
        except (OSError, ValueError, KeyError):
            return  # said by who loads the model
        if "reading" in data:
            self.reading = Reading.from_json(data["reading"])
            names = self.reading.class_names
            self.num_classes = len(names or ()) if conditional else None


def _has_records(path):
    from tfgen.data.packed import is_pack
    from tfgen.data.record_files import is_tfrecord

    if is_pack(path):
        return False
    files = path.iterdir() if path.is_dir() else [path]
    return any(map(is_tfrecord, files))
