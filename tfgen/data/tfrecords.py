"""TFRecord files with random access."""

import io
import os
import pathlib
import re
import typing
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfgen.data.arrays import from_arrays, from_files
from tfgen.data.batches import MEMORY_LIMIT
from tfgen.data.checks import to_array
from tfgen.data.image_folder import decode, header
from tfgen.data.images import channels_of, check_color_mode, check_image_size
from tfgen.data.labels import encode_labels
from tfgen.data.source import Source
from tfgen.data.storage import Storage

if typing.TYPE_CHECKING:
    import hashlib

_NAME = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$")
_IMAGE_KEYS = ("image_raw", "image")
_HEADER_BYTES = 12  # length and its checksum, before the record
_FOOTER_BYTES = 4  # the record's checksum, after it
_DIGEST_RECORDS = 64


class TFRecordStorage(Storage):
    """Records read by an index of their offsets, made by one scan.

    Each record is a `tf.train.Example` with `image_raw` or `image` (PNG,
    JPEG, ... bytes), or `x` (floats, and perhaps `shape`), and perhaps an
    integer `label`.

    Args:
        files: the files, in order.
        image_size: `(height, width)` to resize images to, or None.
        color_mode: `"grayscale"` or `"rgb"` to convert images to, or None.
    """

    def __init__(
        self,
        files: Sequence[pathlib.Path],
        image_size: tuple[int, int] | None = None,
        color_mode: str | None = None,
    ):
        self.files = tuple(files)
        self._scan(image_size, color_mode)

    def __len__(self) -> int:
        return len(self.places)

    def read(self, indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), *self.shape), self.dtype)
        # In the order of the files, so that a sorted read is sequential.
        for file in np.unique(self.places[indices, 0]):
            here = np.flatnonzero(self.places[indices, 0] == file)
            with self.files[file].open("rb") as opened:
                for row in here:
                    _, offset, length = self.places[indices[row]]
                    opened.seek(offset)
                    rows[row] = self._decode(opened.read(length), indices[row])
        return rows

    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        for file in self.files:
            sha256.update(f"{file.name} {file.stat().st_size}\n".encode())
        sha256.update(np.ascontiguousarray(self.places[indices]).tobytes())
        sample = indices[:: -(-len(indices) // _DIGEST_RECORDS)]
        sha256.update(self.read(sample).tobytes())

    def _scan(self, image_size, color_mode) -> None:
        # Offsets are counted by hand: TensorFlow's reader does not tell them.
        places, labels, self.shape, self.is_image = [], [], None, None
        for number, file in enumerate(self.files):
            offset = 0
            for record in _records(file):
                where = f"{file}, record {len(places)}"
                features = _features(record, where)
                self._check_like_first(features, image_size, color_mode, where)
                labels.append(_label(features, where))
                places.append((number, offset + _HEADER_BYTES, len(record)))
                offset += _HEADER_BYTES + len(record) + _FOOTER_BYTES
        if not places:
            raise ValueError(
                f"{', '.join(str(file) for file in self.files)}: no records."
            )
        self.places = np.array(places, np.int64)
        self.dtype = np.dtype(np.uint8 if self.is_image else np.float32)
        self.labels = _all_or_none(labels, self.files[0])

    def _check_like_first(self, features, size, color_mode, where) -> None:
        key = next((key for key in _IMAGE_KEYS if key in features), None)
        if key:
            content = features[key].bytes_list.value
            if len(content) != 1:
                raise ValueError(
                    f"{where}: feature {key!r} holds no single text of bytes; "
                    "expected one encoded PNG or JPEG."
                )
            found = header(io.BytesIO(content[0]), where)
            shape = (*(size or found[:2]), channels_of(color_mode, found[2]))
        else:
            shape = _float_shape(features, where)
        if self.shape is None:
            self.shape, self.is_image = shape, key is not None
        if (self.shape, self.is_image) != (shape, key is not None):
            advice = "write all records alike"
            if key and self.is_image:
                advice = "pass image_size or color_mode to convert all images"
            raise ValueError(
                f"{where} has shape {shape}, but the first has {self.shape}: "
                f"{advice}."
            )

    def _decode(self, record: bytes, number: int) -> np.ndarray:
        features = tf.train.Example.FromString(record).features.feature
        for key in _IMAGE_KEYS:
            if key in features:
                content = io.BytesIO(features[key].bytes_list.value[0])
                return decode(content, self.shape, f"record {number}")
        x = np.array(features["x"].float_list.value, np.float32)
        return x.reshape(self.shape)


def read_tfrecords(
    files: Sequence[pathlib.Path],
    name: str,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> Source:
    """Return all records; those that fit `memory_limit` bytes are decoded.

    Raises:
        ValueError: damaged files, records of another kind or shape.
    """
    size = check_image_size(image_size)
    storage = TFRecordStorage(files, size, check_color_mode(color_mode))
    options = {"name": name, "value_range": value_range}
    if storage.row_bytes * len(storage) <= memory_limit:
        if not storage.is_image:
            options |= {"image_size": image_size, "color_mode": color_mode}
        x = storage.read(np.arange(len(storage)))
        return from_arrays(x, storage.labels, **options)
    if not storage.is_image:
        raise ValueError(
            f"{name!r} holds more than {memory_limit} bytes of numbers; "
            "expected images of that size: pass a .npy, which stays on disk."
        )
    names = None
    if storage.labels is not None:
        storage.labels, names = encode_labels(storage.labels, len(storage))
    return from_files(storage, name, (0.0, 255.0), value_range, names)


def write_tfrecords(
    path: str | os.PathLike, x: npt.ArrayLike, y: npt.ArrayLike | None = None
) -> None:
    """Write examples to a TFRecord file that `load` reads.

    Args:
        path: the file, by custom `*.tfrecord`.
        x: uint8 images of shape `(n, height, width, 1 or 3)`, written as PNG
            in the feature `image_raw`, or floats of any shape, written to
            `x` and `shape`.
        y: class numbers of shape `(n,)`, written to `label`, or None.

    Raises:
        ValueError: for what is no array of numbers, or labels of another
            length.

    Example:
    >>> x = np.zeros((20, 8, 8, 1), np.uint8)
    >>> tfgen.data.write_tfrecords("black.tfrecord", x)
    >>> len(tfgen.data.load("black.tfrecord", "all"))
    20
    """
    array = to_array(x, "x")
    labels = None if y is None else encode_labels(y, len(array))[0]
    as_image = array.dtype == np.uint8 and array.ndim == 4
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row, example in enumerate(array):
            if as_image:
                png = tf.io.encode_png(example).numpy()
                feature = {"image_raw": _bytes_feature(png)}
            else:
                feature = {
                    "x": tf.train.Feature(
                        float_list=tf.train.FloatList(value=example.ravel())
                    ),
                    "shape": _int_feature(example.shape),
                }
            if labels is not None:
                feature["label"] = _int_feature([labels[row]])
            features = tf.train.Features(feature=feature)
            writer.write(
                tf.train.Example(features=features).SerializeToString()
            )


def is_tfrecord(path: pathlib.Path) -> bool:
    """Say whether the name is that of a TFRecord file or shard."""
    return _NAME.search(path.name) is not None


def _records(file: pathlib.Path):
    try:
        yield from tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    except tf.errors.OpError as error:
        reason = error.message.rpartition("}} ")[2].partition(" [Op:")[0]
        raise ValueError(
            f"{file} is damaged or no TFRecord file ({reason}): write it anew."
        ) from error


def _features(record: bytes, where: str):
    try:
        features = tf.train.Example.FromString(record).features.feature
    except Exception as error:
        raise ValueError(
            f"{where} is no tf.train.Example: write it with "
            "tfgen.data.write_tfrecords."
        ) from error
    if "x" not in features and not any(key in features for key in _IMAGE_KEYS):
        raise ValueError(
            f"{where} has the features {', '.join(sorted(features)) or 'none'}"
            "; expected image_raw or image (PNG or JPEG bytes) or x (floats)."
        )
    return features


def _float_shape(features, where: str) -> tuple[int, ...]:
    size = len(features["x"].float_list.value)
    shape = (size,)
    if "shape" in features:
        shape = tuple(features["shape"].int64_list.value)
    if size == 0 or int(np.prod(shape)) != size:
        raise ValueError(
            f"{where}: feature 'x' holds {size} floats; expected "
            f"{' x '.join(str(length) for length in shape)} as 'shape' says."
        )
    return shape


def _label(features, where: str) -> int | None:
    if "label" not in features:
        return None
    value = features["label"].int64_list.value
    if len(value) != 1:
        raise ValueError(
            f"{where}: feature 'label' holds {len(value)} integers; expected "
            "one class number."
        )
    return value[0]


def _all_or_none(labels: list, file: pathlib.Path) -> np.ndarray | None:
    missing = labels.count(None)
    if missing == len(labels):
        return None
    if missing:
        raise ValueError(
            f"{file}: {missing} of {len(labels)} records have no 'label'; "
            f"expected all or none, the first without is "
            f"record {labels.index(None)}."
        )
    return np.array(labels, np.int64)


def _bytes_feature(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _int_feature(values) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
