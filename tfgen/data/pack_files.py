"""What lies in a pack beside its shards: read, and checked against them."""

import json
import math
import pathlib
import re
from collections.abc import Mapping

import numpy as np

from tfgen.data.checks import reason_of
from tfgen.data.reading import Reading
from tfgen.data.reading_json import read_reading

PACK_FILE = "pack.json"
INDEX_FILE = "index.npz"
VERSION = 1
SEED = 0
"""Seed of the division whose hashes a pack holds."""
FIELDS = ("name", "split", "feature_names", "factor_names", "transform")
_MOST_REASONS = 5
_DTYPE = re.compile("[<>|=]?([iu][1248]|f[248]|b1)")


def read_pack_files(
    folder: pathlib.Path,
) -> tuple[dict, Reading, dict[str, np.ndarray]]:
    """Return what `pack.json` says, the reading in it, and the index.

    Args:
        folder: one with a `pack.json`.

    Raises:
        ValueError: files that are not those of one pack: all reasons.
    """
    try:
        told = json.loads((folder / PACK_FILE).read_text(encoding="utf-8"))
        version = told.get("version") if isinstance(told, dict) else None
        is_later = type(version) is int and version > VERSION
        if not is_later:
            reading, index = _checked(folder, told)
    # NumPy has no bound on what it raises for a damaged file.
    except Exception as error:
        raise ValueError(
            f"{str(folder)!r} is no whole pack ({reason_of(error)}): copy it "
            "anew, or write it anew with tfgen pack."
        ) from error
    if is_later:
        raise ValueError(
            f"{str(folder)!r} is a pack of version {version}, this tfgen reads "
            f"up to {VERSION}: take a later tfgen, or write it anew."
        )
    return told, reading, index


def _checked(folder: pathlib.Path, told: object) -> tuple[Reading, dict]:
    reasons = _misfits(told) or _faults(folder, told["shards"])
    if reasons:
        raise ValueError(_joined(reasons))
    reading = read_reading(told["reading"])
    with (folder / INDEX_FILE).open("rb") as opened:
        index = dict(np.lib.npyio.NpzFile(opened, allow_pickle=False))
    if reasons := _index_misfits(told, reading, index):
        raise ValueError(f"{INDEX_FILE}: {_joined(reasons)}")
    return reading, index


def _joined(reasons: list[str]) -> str:
    more = len(reasons) - _MOST_REASONS
    text = "; ".join(reasons[:_MOST_REASONS])
    return f"{text} and {more} more" if more > 0 else text


def _misfits(told: object) -> list[str]:
    """What in `pack.json` no pack has."""
    if not isinstance(told, Mapping):
        return [f"{PACK_FILE} holds no object"]
    reasons = [
        f"{PACK_FILE} has no {key} of a pack"
        for key, kind in _KINDS.items()
        if type(told.get(key)) is not kind
    ]
    if reasons:
        return reasons
    source = told["source"]
    for name in FIELDS:
        value = source.get(name, 0)
        if name.endswith("_names"):
            fits = value is None or _are_texts(value)
        else:
            fits = isinstance(value, str)
        reasons += [] if fits else [f"the source's {name} is {value!r:.40}"]
    if not _DTYPE.fullmatch(told["dtype"]):
        reasons.append(f"dtype is {told['dtype'][:40]!r}")
    if not _are_texts(told["splits"]):
        reasons.append("splits are no names")
    for shard in told["shards"] or ["none"]:
        if not isinstance(shard, Mapping) or not (
            isinstance(shard.get("file"), str)
            and all(
                type(shard.get(key)) is int and 0 <= shard[key] < 2**62
                for key in ("rows", "bytes")
            )
        ):
            reasons.append(f"{shard!r:.60} is no shard")
    return reasons


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _faults(folder: pathlib.Path, shards: list) -> list[str]:
    return [reason for s in shards if (reason := _fault(folder, s))]


def _fault(folder: pathlib.Path, shard: Mapping) -> str | None:
    """What is wrong with a shard, or None."""
    file = folder / shard["file"]
    if file.parent != folder or "\0" in shard["file"]:
        # A pack may come from anyone.
        return f"{shard['file']!r} is no name of a file in it"
    if not file.is_file():
        return f"{file.name} is missing"
    size = file.stat().st_size
    if size != shard["bytes"]:
        return f"{file.name} has {size:,} bytes, expected {shard['bytes']:,}"
    return None


def _index_misfits(told: Mapping, reading: Reading, index: dict) -> list[str]:
    """Arrays of the index that do not fit the pack."""
    rows = sum(shard["rows"] for shard in told["shards"])
    expected = {"offsets": ("i", 1), "hashes": ("u", 1)}
    expected |= {"labels": ("i", 1)} if "labels" in index else {}
    reasons = []
    for name, (kind, dimensions) in expected.items():
        array = index.get(name)
        fits = (
            isinstance(array, np.ndarray)
            and (array.dtype.kind, array.ndim) == (kind, dimensions)
            and len(array) == rows
        )
        reasons += [] if fits else [f"{name} are not one a row"]
    factors = index.get("factors")
    if factors is not None and (
        not isinstance(factors, np.ndarray)
        or (factors.dtype.kind, factors.ndim) != ("i", 2)
        or len(factors) != rows
    ):
        reasons.append("factors are not some a row")
    for name in told["splits"]:
        array = index.get(f"split_{name}")
        if not isinstance(array, np.ndarray) or (
            (array.dtype.kind, array.ndim) != ("i", 1)
            or (len(array) and not 0 <= array.min() <= array.max() < rows)
        ):
            reasons.append(f"split_{name} are no numbers of rows")
    if reasons:
        return reasons
    classes = len(reading.class_names or ())
    labels = index.get("labels")
    if labels is not None and rows:
        if not 0 <= labels.min() <= labels.max() < classes:
            reasons.append(f"labels are not of the {classes} classes")
    # Deflate makes at most 1,032 bytes of one.
    room = sum(s["bytes"] for s in told["shards"]) * 1032
    offsets = index["offsets"]
    if rows and not 0 <= offsets.min() <= offsets.max() < room:
        reasons.append("offsets lie outside of the shards")
    size = math.prod(reading.shape) * np.dtype(told["dtype"]).itemsize
    if size * rows > room:
        reasons.append(f"{rows:,} rows of {size:,} bytes are not in the shards")
    return reasons


_KINDS = {
    "version": int,
    "dtype": str,
    "reading": dict,
    "source": dict,
    "splits": list,
    "shards": list,
}
