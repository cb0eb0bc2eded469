"""Packs: any source as TFRecord shards, read as that same source.

Beside the shards lie `pack.json`, which says what the source is, and
`index.npz` with the place of each row, its label, its factors and its hash. So
a pack is read without a pass over it, and rows of a batch as they stand.
"""

import dataclasses
import pathlib
import typing
from collections.abc import Sequence

import numpy as np

from tfgen.data.arrays import scaling_of
from tfgen.data.checks import check_value_range
from tfgen.data.images import channels_of, check_image_size
from tfgen.data.pack_files import (
    FIELDS,
    PACK_FILE,
    SEED,
    read_pack_files,
)
from tfgen.data.reading import Reading
from tfgen.data.record_files import decompressed
from tfgen.data.source import Source
from tfgen.data.storage import MEMORY_LIMIT, ArrayStorage, Storage

if typing.TYPE_CHECKING:
    import hashlib

_DIGEST_ROWS = 64


class PackStorage(Storage):
    """Rows in the shards of a pack, read where they are asked for.

    Args:
        shards: the files in their order.
        counts: rows of each.
        offsets: byte at which each row's values begin in its shard.
        shape: shape of one row.
        dtype: type of its values.
        labels: int64 class numbers, one a row, or None.
        factors: int64 known factors, or None.
    """

    def __init__(
        self,
        shards: Sequence[pathlib.Path],
        counts: Sequence[int],
        offsets: np.ndarray,
        shape: tuple[int, ...],
        dtype: np.dtype,
        labels: np.ndarray | None = None,
        factors: np.ndarray | None = None,
    ):
        self.shards = tuple(shards)
        self.shape = shape
        self.dtype = dtype
        self.labels = labels
        self.factors = factors
        self._offsets = offsets
        self._ends = np.cumsum(counts)
        self._size = int(np.prod(shape)) * dtype.itemsize
        self._plain = [decompressed(self, file) for file in shards]

    def __len__(self) -> int:
        return len(self._offsets)

    def read(self, indices: np.ndarray) -> np.ndarray:
        content = np.empty((len(indices), *self.shape), self.dtype)
        rows = memoryview(content.reshape(-1).view(np.uint8))
        shards = np.searchsorted(self._ends, indices, side="right")
        offsets = self._offsets[indices]
        # As they lie in the files, each of which is opened once. Not mapped:
        # the kernel would read 128 KB around each row, and count them as ours.
        order = np.lexsort((offsets, shards))
        found, firsts = np.unique(shards[order], return_index=True)
        for shard, some in zip(found, np.split(order, firsts)[1:], strict=True):
            with self._plain[shard].open("rb", buffering=0) as file:
                for row, offset in zip(
                    some.tolist(), offsets[some].tolist(), strict=True
                ):
                    file.seek(offset)
                    place = rows[row * self._size : (row + 1) * self._size]
                    if file.readinto(place) != self._size:
                        raise ValueError(
                            f"{self.shards[shard]} has become shorter: write "
                            "the pack anew."
                        )
        return content

    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        for file in self.shards:
            sha256.update(f"{file.name} {file.stat().st_size}\n".encode())
        sha256.update(np.ascontiguousarray(indices, "<i8").tobytes())
        sample = indices[:: -(-len(indices) // _DIGEST_ROWS)]
        sha256.update(self.read(sample).tobytes())


def is_pack(path: pathlib.Path) -> bool:
    """Say whether a folder holds a pack."""
    return (path / PACK_FILE).is_file()


def read_pack(
    folder: pathlib.Path, options: dict, memory_limit: int = MEMORY_LIMIT
) -> tuple[Source, dict[str, np.ndarray]]:
    """Return the source of a pack, and the rows of the splits that it has.

    Rows that fit into `memory_limit` bytes are read at once.

    Args:
        folder: one that `is_pack`.
        options: of `from_arrays`; the source was read with its own, and must
            not have lost what others ask for.
        memory_limit: bytes.

    Raises:
        ValueError: a pack that is not whole or of a later version, or options
            that cannot be met: all reasons.
    """
    told, reading, index = read_pack_files(folder)
    storage = PackStorage(
        [folder / shard["file"] for shard in told["shards"]],
        [shard["rows"] for shard in told["shards"]],
        index["offsets"],
        reading.shape,
        np.dtype(told["dtype"]),
        index.get("labels"),
        index.get("factors"),
    )
    if storage.row_bytes * len(storage) <= memory_limit:
        x = storage.read(np.arange(len(storage)))
        storage = ArrayStorage(x, storage.labels, storage.factors)
    storage.hashes = {SEED: index["hashes"]}
    fields = {k: getattr(reading, k) for k in _of_reading()}
    for name in FIELDS:
        value = told["source"][name]
        fields[name] = tuple(value) if isinstance(value, list) else value
    source = _with_options(Source(storage, **fields), options, folder)
    return source, {k: index[f"split_{k}"] for k in told["splits"]}


def size_of_pack(folder: pathlib.Path) -> tuple[int, int, int]:
    """Return the rows, the number of shards and their bytes."""
    shards = read_pack_files(folder)[0]["shards"]
    rows, sizes = ([s[key] for s in shards] for key in ("rows", "bytes"))
    return sum(rows), len(shards), sum(sizes)


def to_json(source: Source) -> dict:
    """Return what `pack.json` says of a source."""
    return {
        "dtype": source.storage.dtype.str,
        "reading": source.reading.to_json(),
        "source": {name: getattr(source, name) for name in FIELDS},
    }


def _of_reading() -> list[str]:
    """Attributes of a source that its reading says."""
    names = Reading.__dataclass_fields__
    return [n for n in names if n in Source.__dataclass_fields__]


def _with_options(source: Source, given: dict, folder: pathlib.Path) -> Source:
    """The source with options of `load`, where a pack leaves that open."""
    given = {k: v for k, v in given.items() if v is not None}
    reasons = _lost(source, given)
    if reasons:
        raise ValueError(
            f"{str(folder)!r}: {'; '.join(reasons)}: leave it out, or write "
            "the pack anew with it."
        )
    if "transform" in given:
        source = dataclasses.replace(source, transform=given["transform"])
    if "bit_depth" in given and source.stored_range:
        white = min(given["bit_depth"], 8 * source.storage.dtype.itemsize)
        image_options = source.image_options | {"bit_depth": white}
        source = dataclasses.replace(
            source,
            image_options=image_options,
            **scaling_of((0.0, 2.0**white - 1), source.value_range),
        )
    if "value_range" in given and source.kind == "image":
        target = check_value_range(given["value_range"])
        scaling = scaling_of(source.stored_range, target)
        source = dataclasses.replace(source, **scaling)
    return source


def _lost(source: Source, given: dict) -> list[str]:
    """Options that cannot be met."""
    reasons = []
    if source.kind != "image":
        return [
            f"{name} is {value!r}, but the pack holds a {source.kind}"
            for name, value in given.items()
            if name != "transform"
        ]
    if "transform" in given:
        reasons.append("transform is for tables, but the pack holds images")
    size = check_image_size(given.get("image_size"))
    if size not in (None, source.shape[:2]):
        reasons.append(
            f"image_size is {size[0]}x{size[1]}, but the pack was written with "
            f"{source.shape[0]}x{source.shape[1]}"
        )
    channels = channels_of(given.get("color_mode"), source.shape[2])
    if channels != source.shape[2]:
        reasons.append(
            f"color_mode is {given['color_mode']!r}, but the pack has "
            f"{source.shape[2]} channels"
        )
    for name in ("fit", "background"):
        own = source.image_options.get(name)
        if given.get(name, own) != own:
            reasons.append(
                f"{name} is {given[name]!r}, but the pack was written with "
                f"{own!r}"
            )
    depth = source.image_options.get("bit_depth")
    if (given.get("bit_depth") or depth) != depth and (
        depth is None or given["bit_depth"] < depth
    ):
        held = f"{depth} bits" if depth else "fractions or masks"
        reasons.append(
            f"bit_depth is {given['bit_depth']}, but the pack holds {held}"
        )
    return reasons
