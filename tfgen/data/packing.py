"""pack: writes any source as TFRecord shards that are read as that source."""

import functools
import json
import os
import pathlib
import re
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfgen.data.loader import read_whole
from tfgen.data.out_folder import check_options, new_folder, sync
from tfgen.data.pack_files import INDEX_FILE, PACK_FILE, SEED, VERSION
from tfgen.data.packed import to_json
from tfgen.data.source import Source
from tfgen.data.splits import RowHasher

_ENDINGS = {None: "", "GZIP": ".gz", "ZLIB": ".zlib"}
_FRAME_BYTES = 16  # length and checksums of a record


def pack(
    source: str | os.PathLike | Source,
    folder: str | os.PathLike,
    *,
    shards: int | None = None,
    shard_size: int | str | None = None,
    compression: str | None = None,
    force: bool = False,
    seed: int = 0,
    **options,
) -> pathlib.Path:
    """Write a source as TFRecord shards that `load` reads as the same source.

    Values and their type, the order of the rows, labels, classes, official
    splits and the reading are those of the source, so that a model trained on
    either is the same. A pack needs no pass over it to be loaded, and takes no
    memory beyond the batches. Each record is a `tf.train.Example`: of images
    of 8 bits with their pixels in `image_raw` and `height`, `width` and
    `depth`, of others with their values in `x` and their `shape`; and with
    `label` and `factors` where there are any.

    Args:
        source: a name or path, as for `load`; or a source, whose rows are
            divided anew when the pack is loaded.
        folder: the folder to write, new or empty. It gets its name once all
            is written.
        shards: number of files; default: by `shard_size`.
        shard_size: about how large a file is before it is compressed, in bytes
            or as a text such as `"200MB"`, which is the default.
        compression: `"GZIP"`, `"ZLIB"` or None. A compressed pack is written
            out in the temporary folder whenever it is loaded.
        force: whether a pack in the folder is replaced.
        seed: which points, of a data set that draws them.
        **options: those of `load` that say how data are read, such as
            `image_size` and `label_column`.

    Returns:
        The folder.

    Raises:
        ValueError: a folder that holds something, options out of bounds, too
            little room on the disk; or what `load` refuses.

    Example:
    >>> folder = tfgen.data.pack("iris", "iris-packed", shards=2, force=True)
    >>> tfgen.data.load(folder)
    <Source iris, train: 120 rows of 4, standardized, 3 classes>
    """
    folder = pathlib.Path(folder).expanduser()
    size = check_options(folder, shards, shard_size, compression, force)
    if isinstance(source, Source):
        whole, official = source, {}
    else:
        whole, official = read_whole(source, seed, options)
    records = _Records(whole)
    if shards is None:
        shards = min(len(whole), -(-records.total // size))
    if shards > len(whole):
        raise ValueError(
            f"shards is {shards}, but {whole.name!r} has {len(whole)} rows: "
            "pass fewer."
        )
    with new_folder(folder, records.total) as unfinished:
        names = _shard_names(whole.name, shards, compression)
        files = [unfinished / name for name in names]
        counts, offsets, hashes = records.write(files, compression)
        arrays = {"offsets": offsets, "hashes": hashes}
        arrays |= {"labels": whole.labels, "factors": whole.factors}
        arrays |= {f"split_{k}": rows for k, rows in official.items()}
        np.savez(
            unfinished / INDEX_FILE,
            **{k: v for k, v in arrays.items() if v is not None},
        )
        told = {
            "version": VERSION,
            **to_json(whole),
            "splits": list(official),
            "compression": compression,
            "shards": [
                {"file": file.name, "rows": n, "bytes": file.stat().st_size}
                for file, n in zip(files, counts, strict=True)
            ],
        }
        text = json.dumps(told, indent=1)
        (unfinished / PACK_FILE).write_text(text + "\n", encoding="utf-8")
    return folder


class _Records:
    """The rows of a source as records, in files.

    Args:
        source: all rows.
    """

    def __init__(self, source: Source):
        self.source = source
        self.size = int(np.prod(source.shape)) * source.storage.dtype.itemsize
        self.is_image = (
            source.kind == "image" and source.storage.dtype == np.uint8
        )
        content = self._content(np.zeros(source.shape, source.storage.dtype))
        # All rows are of one length: of each only the values differ.
        self.before = _serialized(content)[: -self.size]
        self.labels, self.factors = source.labels, source.factors

    @property
    def total(self) -> int:
        """Bytes of all records, about."""
        record = _FRAME_BYTES + len(self._about(0)) + len(self.before)
        return len(self.source) * (record + self.size)

    def write(
        self, files: list[pathlib.Path], compression: str | None
    ) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Write the files; return their rows, and rows' places and hashes."""
        bounds = np.arange(len(files) + 1) * len(self.source) // len(files)
        offsets = np.zeros(len(self.source), np.int64)
        hasher = RowHasher(SEED)
        rows = self._rows(hasher)
        for file, first, end in zip(files, bounds, bounds[1:], strict=False):
            position = 0
            with tf.io.TFRecordWriter(str(file), compression) as writer:
                for row in range(first, end):
                    record = self._about(row) + self.before + next(rows)
                    writer.write(record)
                    position += _FRAME_BYTES + len(record)
                    # Before its checksum, of 4 bytes.
                    offsets[row] = position - 4 - self.size
            sync(file)
        next(rows, None)  # the last piece is hashed
        return np.diff(bounds).tolist(), offsets, hasher.hashes()

    def _rows(self, hasher: RowHasher) -> Iterator[bytes]:
        source = self.source
        doing = f"packing {source.name}"
        for piece in source.storage.chunks(source._stored_indices(), doing):
            hasher.add(piece)
            content = memoryview(np.ascontiguousarray(piece)).cast("B")
            for start in range(0, len(content), self.size):
                yield content[start : start + self.size].tobytes()

    def _content(self, example: np.ndarray) -> dict[str, tf.train.Feature]:
        if self.is_image:
            return {"image_raw": _bytes_feature(example.tobytes())}
        if example.dtype.str == "<f4":
            floats = tf.train.FloatList(value=example.ravel())
            return {"x": tf.train.Feature(float_list=floats)}
        return {"x": _bytes_feature(example.tobytes())}

    def _about(self, row: int) -> bytes:
        label = None if self.labels is None else int(self.labels[row])
        factors = () if self.factors is None else self.factors[row].tolist()
        dtype = self.source.storage.dtype.str
        return _described(
            self.source.shape, self.is_image, dtype, label, tuple(factors)
        )


@functools.lru_cache(4096)
def _described(shape, is_image: bool, dtype: str, label, factors) -> bytes:
    """All of a record but its values."""
    if is_image:
        sizes = zip(("height", "width", "depth"), shape, strict=True)
        found = {name: _int_feature([size]) for name, size in sizes}
    else:
        found = {"shape": _int_feature(shape)}
        found["dtype"] = _bytes_feature(dtype.encode())
    if label is not None:
        found["label"] = _int_feature([label])
    if factors:
        found["factors"] = _int_feature(factors)
    return _serialized(found)


def _serialized(features: dict[str, tf.train.Feature]) -> bytes:
    """An Example. Two of them, one after the other, are that of both."""
    features = tf.train.Features(feature=features)
    return tf.train.Example(features=features).SerializeToString()


def _bytes_feature(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _int_feature(values) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _shard_names(name: str, shards: int, compression) -> list[str]:
    stem = re.sub(r"[^\w-]+", "-", pathlib.Path(name).stem).strip("-") or "rows"
    ending = _ENDINGS[compression]
    return [
        f"{stem}-{i:05}-of-{shards:05}.tfrecord{ending}" for i in range(shards)
    ]
