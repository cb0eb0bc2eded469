"""Storages: where the examples of a Source lie, before scaling."""

import abc
import hashlib
import mmap
import pathlib
import types
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfgen.data.progress import followed
from tfgen.data.splits import row_hashes

READ_ROWS = 4096
_PIECE_BYTES = 2**26
MEMORY_LIMIT = 2**30
"""Bytes of examples up to which they are held in memory."""


class Storage(abc.ABC):
    """Abstract: examples with random access, as they are stored.

    Attributes:
        shape: shape of one example.
        dtype: NumPy dtype of what `read` returns.
        labels: int64 class numbers of all rows, or None.
        factors: int64 values of the known factors of all rows, shape
            `(n, num_factors)`, or None.
        files: where each row was read, or None.
        unknown: of columns what they do not know, in words, and the rows that
            have it; see `Schema.keeps_unknown`.
        hashes: what `row_hashes` gives of all rows, by seed, where somebody
            has passed over them.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None
    files: tuple[pathlib.Path, ...] | None = None
    unknown: Mapping[str, Mapping[str, np.ndarray]] = types.MappingProxyType({})
    hashes: dict[int, np.ndarray] | None = None

    @abc.abstractmethod
    def __len__(self) -> int:
        """The number of rows."""

    @abc.abstractmethod
    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows at `indices`, shape `(len(indices), *shape)`."""

    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        """Feed the content of these rows, or a sample, into `sha256`."""
        for rows in self.chunks(indices):
            sha256.update(np.ascontiguousarray(rows).data.cast("B"))

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as a pipeline holds it in memory."""
        size = 1 if self.dtype == np.uint8 else 4
        return size * int(np.prod(self.shape))

    def row_hashes(self, indices: np.ndarray, seed: int) -> np.ndarray:
        """Return a keyed hash of each row at `indices`, uint64.

        Those of all rows are kept, as each split of a set asks for them.
        """
        if seed in (self.hashes or {}):
            return self.hashes[seed][indices]
        hashes = row_hashes(self.chunks(indices, "dividing"), seed)
        if np.array_equal(indices, np.arange(len(self))):
            self.hashes = {seed: hashes}
        return hashes

    def chunks(
        self, indices: np.ndarray, doing: str = "reading"
    ) -> Iterator[np.ndarray]:
        """Yield the rows at `indices` in pieces of bounded size.

        Args:
            indices: row numbers.
            doing: what is shown to be done if it takes long.
        """
        rows = READ_ROWS
        # Means of a table's columns depend, in the last bits, on the pieces.
        if len(self.shape) > 1:
            rows = min(rows, max(1, _PIECE_BYTES // self.row_bytes))
        starts = range(0, len(indices), rows)
        pieces = (self.read(indices[i : i + rows]) for i in starts)
        return followed(pieces, doing, len(indices))


class ArrayStorage(Storage):
    """Examples in one array.

    Args:
        x: array of shape `(n, *shape)`; a `numpy.memmap` stays on disk.
        labels: int64 class numbers of shape `(n,)`, or None.
        factors: int64 known factors of shape `(n, num_factors)`, or None.
    """

    def __init__(
        self,
        x: np.ndarray,
        labels: np.ndarray | None = None,
        factors: np.ndarray | None = None,
    ):
        self.x = x if isinstance(x, np.memmap) else np.ascontiguousarray(x)
        self.labels = labels
        self.factors = factors
        self.shape = tuple(x.shape[1:])
        self.dtype = x.dtype

    def __len__(self) -> int:
        return len(self.x)

    def read(self, indices: np.ndarray) -> np.ndarray:
        rows = np.asarray(self.x[indices])
        let_go(self.x)
        return rows


class ColumnStorage(Storage):
    """Rows in an array for each of their numbers, of small types.

    Args:
        arrays: each of shape `(n,)`.
        labels: int64 class numbers of shape `(n,)`, or None.
        unknown: see `Storage`; another value stands in its place.
    """

    dtype = np.dtype(np.float64)

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        labels: np.ndarray | None = None,
        unknown: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    ):
        self.arrays = tuple(arrays)
        self.unknown = unknown or {}
        self.labels = labels
        self.shape = (len(self.arrays),)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def read(self, indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), *self.shape))
        for i, array in enumerate(self.arrays):
            rows[:, i] = array[indices]
        return rows


class ClippedStorage(Storage):
    """The rows of another storage, clipped when they are read.

    Args:
        storage: of floats.
        stored_range: lowest and highest value to come.
    """

    def __init__(self, storage: Storage, stored_range: tuple[float, float]):
        self.inner = storage
        self.stored_range = stored_range
        self.labels = storage.labels
        self.factors = storage.factors
        self.shape = storage.shape
        self.dtype = storage.dtype

    def __len__(self) -> int:
        return len(self.inner)

    def read(self, indices: np.ndarray) -> np.ndarray:
        return np.clip(self.inner.read(indices), *self.stored_range)


def let_go(x: np.ndarray) -> None:
    """Has no page of a mapped file count as this process' memory.

    Pages that were read stay mapped, else, until the machine has no other
    memory left; one that limits a process ends it before. They are read again
    where they are needed.

    Args:
        x: an array, or part of one, that may be a `numpy.memmap`.
    """
    # Of a copy-on-write map, what was written would be lost.
    if not isinstance(x, np.memmap) or x.mode == "c":
        return
    owner = x
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)
