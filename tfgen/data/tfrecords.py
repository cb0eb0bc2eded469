"""Images and numbers in TFRecord files."""

import io
import os
import pathlib
import tempfile
import typing
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfgen.data.arrays import from_file
from tfgen.data.checks import check_value_range, reason_of, to_array
from tfgen.data.encoded import EncodedImages, Header, read_header
from tfgen.data.image_folder import source_of
from tfgen.data.images import ImageOptions
from tfgen.data.labels import encode_labels
from tfgen.data.record_files import RecordFiles
from tfgen.data.source import Source
from tfgen.data.storage import MEMORY_LIMIT

if typing.TYPE_CHECKING:
    import hashlib

_IMAGE_KEYS = ("image_raw", "image", "image/encoded")
_LABEL_KEYS = ("label", "image/class/label", "image/class/text")
_TEXT_KEY = "image/class/text"
_DIGEST_RECORDS = 64
_PIECE = 2**26


class RecordImages(EncodedImages):
    """Encoded images in records.

    Args:
        records: scanned.
        key: the feature that holds the image.
        headers: what the images say of themselves.
        labels: int64 class numbers, one a record, or None.
        **options: those of `EncodedImages`.
    """

    def __init__(
        self,
        records: RecordFiles,
        key: str,
        headers: Sequence[Header],
        labels: np.ndarray | None = None,
        **options,
    ):
        self.records = records
        self.key = key
        self.labels = labels
        super().__init__(headers, **options)

    def __len__(self) -> int:
        return len(self.records)

    def where(self, index: int) -> str:
        return self.records.where(index)

    def open(self, indices: np.ndarray) -> Iterator[io.BytesIO]:
        for features in self.records.read(indices):
            yield _image_file(features, self.key)

    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        for file in self.records.files:
            sha256.update(f"{file.name} {file.stat().st_size}\n".encode())
        places = np.ascontiguousarray(self.records.places[indices])
        sha256.update(places.tobytes())
        sample = indices[:: -(-len(indices) // _DIGEST_RECORDS)]
        sha256.update(self.read(sample).tobytes())


def read_tfrecords(
    files: Sequence[pathlib.Path],
    name: str,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    memory_limit: int = MEMORY_LIMIT,
    fit: str | None = None,
    background: str | None = None,
    bit_depth: int | None = None,
    transform: str = "auto",
) -> Source:
    """Return all records; those that fit `memory_limit` bytes are decoded.

    Each record is a `tf.train.Example` with an encoded image in `image_raw`,
    `image` or `image/encoded`, or with floats in `x` and perhaps their
    `shape`; and perhaps with one number or text in `label`,
    `image/class/label` or `image/class/text`. If there are numbers and texts,
    these are the names of the classes.

    Raises:
        ValueError: damaged files, records of another kind or shape.
    """
    options = ImageOptions(image_size, color_mode, fit, background)
    if value_range is not None:
        value_range = check_value_range(value_range)
    records = RecordFiles(files)
    scanned = _Scanned(memory_limit)
    for features, where in records.scan():
        scanned.add(features, where)
    labels, class_names = scanned.classes(records.files[0])
    if scanned.key == "x":
        arrays = {
            "name": name,
            "value_range": value_range,
            "image_size": image_size,
            "color_mode": color_mode,
            "fit": fit,
            "background": background,
            "bit_depth": bit_depth,
            "transform": transform,
            "class_names": class_names,
        }
        path = records.files[0] if len(files) == 1 else records.files[0].parent
        y = None if labels is None else np.array(class_names)[labels]
        return from_file(path, scanned.floats.array(scanned.shape), y, arrays)
    if transform != "auto":
        raise ValueError(f"transform is for tables; {name!r} holds images.")
    storage = RecordImages(
        records,
        scanned.key,
        scanned.examples,
        labels,
        options=options,
        name=name,
        value_range=value_range,
        bit_depth=bit_depth,
    )
    return source_of(storage, value_range, class_names, memory_limit)


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


class _Scanned:
    """What a scan finds: headers of images or floats, and labels."""

    def __init__(self, memory_limit: int):
        self.key = None
        self.examples = []
        self.floats = _Floats(memory_limit)
        self.shape = None
        self.labels = []
        self.texts = []
        self.known = {}

    def add(self, features: typing.Mapping, where: str) -> None:
        key = _example_key(features, where)
        if self.key not in (None, key):
            raise ValueError(
                f"{where} has an example in {key!r}, but the first has it in "
                f"{self.key!r}: write all records alike."
            )
        self.key = key
        if key == "x":
            self._add_floats(features, where)
        else:
            _single(features, key, where)
            file = _image_file(features, key)
            self.examples.append(Header.kept(read_header(file, where)))
        found = [_single(features, k, where) for k in _LABEL_KEYS]
        # One object for all that are equal: there may be many.
        found = [self.known.setdefault(value, value) for value in found]
        self.labels.append(next((v for v in found if v is not None), None))
        self.texts.append(found[-1])
        if np.shape(self.labels[-1]) != np.shape(self.labels[0]):
            raise ValueError(
                f"{where} has the label {self.labels[-1]}, but the first has "
                f"{self.labels[0]}: write all records alike."
            )

    def _add_floats(self, features, where: str) -> None:
        x = np.array(features["x"].float_list.value, np.float32)
        x = x.reshape(_float_shape(features, where))
        if self.floats and x.shape != self.shape:
            raise ValueError(
                f"{where} has shape {x.shape}, but the first has "
                f"{self.shape}: write all records alike."
            )
        self.shape = x.shape
        self.floats.add(x, where)

    def classes(self, file: pathlib.Path):
        """Class numbers and names, or None and None."""
        missing = self.labels.count(None)
        if missing == len(self.labels):
            return None, None
        if missing:
            raise ValueError(
                f"{file}: {missing} of {len(self.labels)} records have no "
                "'label'; expected all or none, the first without is record "
                f"{self.labels.index(None)}."
            )
        names = self._names()
        if names is None:
            try:
                return encode_labels(self.labels, len(self.labels))
            except ValueError as error:
                raise ValueError(f"{str(file)!r}: {error}") from error
        values, numbers = np.unique(self.labels, return_inverse=True)
        return numbers, tuple(names[value] for value in values.tolist())

    def _names(self) -> dict[int, str] | None:
        """A name for each number, where each has one of its own."""
        pairs = set(zip(self.labels, self.texts, strict=True))
        names = dict(pairs)
        # Two of ImageNet's classes have one text.
        if not len(pairs) == len(names) == len(set(names.values())):
            return None
        if not all(
            isinstance(number, int) and isinstance(text, bytes)
            for number, text in pairs
        ):
            return None
        return {number: text.decode() for number, text in pairs}


class _Floats:
    """Numbers in the order they come; many of them lie in a file.

    Args:
        memory_limit: bytes up to which they are held in memory.
    """

    def __init__(self, memory_limit: int):
        self.memory_limit = memory_limit
        self.held = bytearray()
        self.file = None

    def __bool__(self) -> bool:
        return bool(self.held or self.file)

    def add(self, x: np.ndarray, where: str) -> None:
        self.held += x.tobytes()
        if len(self.held) > (self.memory_limit if not self.file else _PIECE):
            self._write(where)

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        """All of them, `(n, *shape)`."""
        if self.file:
            self._write("the end")
            # Without a name it is gone with the array.
            with self.file:
                x = np.memmap(self.file, np.float32, "r")
        else:
            x = np.frombuffer(self.held, np.float32)
        return x.reshape(-1, *shape)

    def _write(self, where: str) -> None:
        try:
            self.file = self.file or tempfile.TemporaryFile()
            self.file.write(self.held)
            self.file.flush()
        except OSError as error:
            raise ValueError(
                f"{where}: {tempfile.gettempdir()} cannot hold the numbers up "
                f"to here ({reason_of(error)}): set TMPDIR to a folder with "
                "more room, or pass a .npy, which stays where it is."
            ) from error
        self.held = bytearray()


def _example_key(features: typing.Mapping, where: str) -> str:
    for key in (*_IMAGE_KEYS, "x"):
        if key in features:
            return key
    raise ValueError(
        f"{where} has the features {', '.join(sorted(features)) or 'none'}; "
        "expected image_raw, image or image/encoded (PNG or JPEG bytes) or x "
        "(floats)."
    )


def _single(features: typing.Mapping, key: str, where: str):
    """The one number or text of a feature, or None without it.

    A label may be a one-hot row too, a tuple.
    """
    if key not in features:
        return None
    feature = features[key]
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    is_image = key in _IMAGE_KEYS
    if len(values) == 1 and (kind == "bytes_list" or not is_image):
        return values[0]
    if len(values) > 1 and key in _LABEL_KEYS and kind != "bytes_list":
        return tuple(values)
    raise ValueError(
        f"{where}: feature {key!r} holds no single "
        f"{'text' if is_image else 'number or text'}, but {len(values)} "
        f"values of {kind or 'no kind'}; expected "
        f"{'the bytes of an image' if is_image else 'one label'}."
    )


def _image_file(features: typing.Mapping, key: str) -> io.BytesIO:
    content = features[key].bytes_list.value[0]
    height, width, channels = (
        _whole(features, names)
        for names in (("height",), ("width",), ("depth", "channels"))
    )
    channels = channels or 1
    is_raw = len(content) == height * width * channels and channels in (1, 3)
    if is_raw and not content.startswith((b"\x89PNG", b"\xff\xd8")):
        # Raw pixels of which the size is told: as a PNM file.
        kind = 5 if channels == 1 else 6
        content = b"P%d %d %d 255\n" % (kind, width, height) + content
    return io.BytesIO(content)


def _whole(features: typing.Mapping, names: Sequence[str]) -> int:
    for name in names:
        for key in (name, f"image/{name}"):
            if key in features and features[key].int64_list.value:
                return features[key].int64_list.value[0]
    return 0


def _float_shape(features: typing.Mapping, where: str) -> tuple[int, ...]:
    size = len(features["x"].float_list.value)
    shape = (size,)
    if "dtype" in features and features["x"].bytes_list.value:
        dtype = np.dtype(features["dtype"].bytes_list.value[0].decode())
        raise ValueError(
            f"{where}: feature 'x' holds values of {dtype} that a pack.json "
            "beside it tells how to read: put it back, or write the pack anew."
        )
    if "shape" in features:
        shape = tuple(features["shape"].int64_list.value)
    if size == 0 or int(np.prod(shape)) != size:
        raise ValueError(
            f"{where}: feature 'x' holds {size} floats; expected "
            f"{' x '.join(str(length) for length in shape)} as 'shape' says."
        )
    return shape


def _bytes_feature(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _int_feature(values) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
