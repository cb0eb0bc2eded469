"""Where a pack is written to: new folders, whole or not at all."""

import contextlib
import os
import pathlib
import re
import shutil
from collections.abc import Iterator

from tfgen.data.pack_files import INDEX_FILE, PACK_FILE
from tfgen.data.packed import is_pack
from tfgen.data.record_files import is_tfrecord

COMPRESSIONS = ("GZIP", "ZLIB")
SHARD_SIZE = "200MB"
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def check_options(
    folder: pathlib.Path,
    shards: int | None,
    shard_size: int | str | None,
    compression: str | None,
    force: bool,
) -> int:
    """Return about how many bytes a shard gets.

    Args:
        folder: to write.
        shards: number of files, or None.
        shard_size: bytes, a text such as `"200MB"`, or None.
        compression: one of `COMPRESSIONS`, or None.
        force: whether a pack in the folder is replaced.

    Raises:
        ValueError: with all that is wrong.
    """
    reasons = []
    if shards is not None and shard_size is not None:
        reasons.append("shards and shard_size say the same: pass one of them.")
    if shards is not None and (not isinstance(shards, int) or shards < 1):
        reasons.append(f"shards is {shards!r}, expected 1 or more.")
    size = _bytes(SHARD_SIZE if shard_size is None else shard_size)
    if size is None:
        reasons.append(
            f"shard_size is {shard_size!r}, expected a number of bytes such as "
            f"{SHARD_SIZE}."
        )
    if compression not in (None, *COMPRESSIONS):
        reasons.append(
            f"compression is {compression!r}, expected one of "
            f"{', '.join(COMPRESSIONS)}."
        )
    reasons += _why_not_to(folder, force)
    if reasons:
        raise ValueError(" ".join(reasons))
    return size


def _bytes(text: int | str) -> int | None:
    found = re.fullmatch(r"([\d.]+) ?([KMG]?B)?", str(text).strip().upper())
    try:
        size = int(float(found[1]) * _UNITS[found[2] or "B"])
    except (TypeError, ValueError):
        return None
    return size if size > 0 else None


def _why_not_to(folder: pathlib.Path, force: bool) -> list[str]:
    """Why nothing may be written there."""
    if folder.exists() and not folder.is_dir():
        return [f"{folder} is a file, expected the name of a new folder."]
    held = sorted(folder.iterdir()) if folder.exists() else []
    others = [file.name for file in held if not _is_of_pack(file)]
    if held and not is_pack(folder):
        others = [file.name for file in held]
    if others:
        return [
            f"{folder} holds {others[0]!r}, which is no part of a pack: choose "
            "a new or empty folder."
        ]
    if held and not force:
        return [f"{folder} holds a pack: pass force=True to replace it."]
    return []


def _is_of_pack(file: pathlib.Path) -> bool:
    return file.name in (PACK_FILE, INDEX_FILE) or is_tfrecord(file)


@contextlib.contextmanager
def new_folder(folder: pathlib.Path, size: int) -> Iterator[pathlib.Path]:
    """Gives a folder that takes this one's place once all is written.

    Args:
        folder: its path; a pack in it is replaced.
        size: bytes that are written, about.

    Raises:
        ValueError: if the disk has too little room.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    if size > free:
        raise ValueError(
            f"{folder} takes {size / 1e9:.1f} GB, but its disk has "
            f"{free / 1e9:.1f} GB left: choose another, or make room."
        )
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        yield unfinished
        for name in (INDEX_FILE, PACK_FILE):
            sync(unfinished / name)
        # Whoever reads the old pack meanwhile has its files still open.
        old = unfinished.with_suffix(".old")
        if folder.exists():
            os.rename(folder, old)
        os.rename(unfinished, folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def sync(file: pathlib.Path) -> None:
    """Waits until a file is on the disk."""
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())
