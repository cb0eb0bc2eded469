"""TFRecord files with random access; TensorFlow is loaded to read one."""

import array
import contextlib
import gzip
import pathlib
import re
import shutil
import tempfile
import typing
import weakref
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from tfgen.data.checks import reason_of
from tfgen.data.progress import Progress, followed

_NAME = re.compile(
    r"(\.tfrec(ords?)?(-\d+-of-\d+)?|-\d{5}-of-\d{5})(\.(gz|gzip|zlib|zz))?$"
)
_HEADER_BYTES = 12  # length and its checksum, before the record
_FOOTER_BYTES = 4  # the record's checksum, after it
_LOOKED_AT = 2**12
_AT_A_TIME = 32


class RecordFiles:
    """Records by number, found by an index that one scan makes.

    Files compressed by gzip or zlib are told by their content, and written
    out in the temporary folder, where they stay as long as this object.

    Args:
        files: the files, in order.
    """

    def __init__(self, files: Sequence[pathlib.Path]):
        self.files = tuple(files)
        self.plain = [decompressed(self, file) for file in files]
        self.places = np.zeros((0, 3), np.int64)

    def __len__(self) -> int:
        return len(self.places)

    def where(self, index: int) -> str:
        """What a message calls a record."""
        return f"{self.files[self.places[index][0]]}, record {index}"

    def scan(self) -> Iterator[tuple[typing.Mapping, str]]:
        """Yield the features of all records, with what to call each."""
        places = array.array("q")
        size = sum(file.stat().st_size for file in self.plain)
        done = count = 0
        with Progress(f"reading {_together(self.files)}", 0) as progress:
            # TensorFlow's reader does not tell offsets.
            for number, file in enumerate(self.files):
                offset = 0
                for record in _records(self.plain[number], file):
                    where = f"{file}, record {count}"
                    places.extend((number, offset + _HEADER_BYTES, len(record)))
                    offset += _HEADER_BYTES + len(record) + _FOOTER_BYTES
                    count += 1
                    yield _features(record, where), where
                    # Others are taken to be as long.
                    progress.total = int(count * size / (done + offset))
                    progress.add()
                done += offset
        if not count:
            raise ValueError(f"{_together(self.files)}: no records.")
        self.places = np.frombuffer(places, np.int64).reshape(-1, 3)

    def read(self, indices: np.ndarray) -> Iterator[typing.Mapping]:
        """Yield the features of these records."""
        with contextlib.ExitStack() as stack:
            opened = {}
            for number, offset, length in self.places[indices]:
                if number not in opened:
                    file = self.plain[number].open("rb")
                    opened[number] = stack.enter_context(file)
                opened[number].seek(offset)
                record = opened[number].read(length)
                yield _example(record).features.feature


def _together(files: Sequence[pathlib.Path]) -> str:
    """What a message calls files: their folder where there are several."""
    return str(files[0] if len(files) == 1 else files[0].parent)


def is_tfrecord(path: pathlib.Path) -> bool:
    """Say whether the name is that of a TFRecord file or shard."""
    return _NAME.search(path.name) is not None


def decompressed(owner: object, file: pathlib.Path) -> pathlib.Path:
    """The file, or what it holds, written out for as long as its owner is."""
    with file.open("rb") as opened:
        head = opened.read(_LOOKED_AT)
    try:
        # 32 and more: gzip or zlib, by the header. Of plain records the next
        # bytes are zeros of a length, which are no compressed data.
        if not zlib.decompressobj(47).decompress(head):
            return file
    except zlib.error:
        return file
    folder = tempfile.mkdtemp(prefix="tfgen-records-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    plain = pathlib.Path(folder, "records")
    try:
        with plain.open("wb") as written:
            content = _inflated(file, head[:2] == b"\x1f\x8b")
            doing = f"writing out {file.name} in {tempfile.gettempdir()}"
            for piece in followed(content, doing, 0, unit="bytes"):
                written.write(piece)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(file, reason_of(error)) from error
    except OSError as error:
        raise ValueError(
            f"{file} is compressed, and {folder} cannot hold what is in it "
            f"({reason_of(error)}): set TMPDIR to a folder with more room."
        ) from error
    return plain


def _inflated(file: pathlib.Path, is_gzip: bool) -> Iterator[bytes]:
    opener = gzip.open if is_gzip else open
    stream = zlib.decompressobj()
    with opener(file, "rb") as opened:
        while piece := opened.read(2**20):
            yield piece if is_gzip else stream.decompress(piece)
    if not is_gzip and not stream.eof:
        raise EOFError("it ends too early")


def _records(plain: pathlib.Path, file: pathlib.Path):
    import tensorflow as tf

    # Some at a time: a call of TensorFlow takes longer than most records.
    records = tf.data.TFRecordDataset(str(plain)).batch(_AT_A_TIME).prefetch(4)
    try:
        for some in records.as_numpy_iterator():
            yield from some
    except tf.errors.OpError as error:
        reason = error.message.rpartition("}} ")[2].partition(" [Op:")[0]
        raise _damaged(file, reason) from error


def _damaged(file: pathlib.Path, reason: str) -> ValueError:
    return ValueError(
        f"{file} is damaged or no TFRecord file ({reason}): write it anew."
    )


def _features(record: bytes, where: str) -> typing.Mapping:
    try:
        return _example(record).features.feature
    except Exception as error:
        raise ValueError(
            f"{where} is no tf.train.Example: write it with "
            "tfgen.data.write_tfrecords."
        ) from error


def _example(record: bytes):
    import tensorflow as tf

    return tf.train.Example.FromString(record)
