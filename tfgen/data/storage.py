"""Storage: where the examples of a Source lie, before scaling."""

import abc
import hashlib

import numpy as np

READ_ROWS = 4096


class Storage(abc.ABC):
    """Examples with random access, as they are stored.

    Attributes:
        shape: shape of one example.
        dtype: NumPy dtype of what `read` returns.
        labels: int64 class numbers of all rows, or None.
        factors: int64 values of the known factors of all rows, shape
            `(n, num_factors)`, or None.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    labels: np.ndarray | None = None
    factors: np.ndarray | None = None

    @abc.abstractmethod
    def __len__(self) -> int:
        """The number of rows."""

    @abc.abstractmethod
    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows at `indices`, shape `(len(indices), *shape)`."""

    @abc.abstractmethod
    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        """Feed the content of these rows, or a sample, into `sha256`."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as a pipeline holds it in memory."""
        size = 1 if self.dtype == np.uint8 else 4
        return size * int(np.prod(self.shape))

    def chunks(self, indices: np.ndarray):
        """Yield the rows at `indices` in pieces of bounded size."""
        for start in range(0, len(indices), READ_ROWS):
            yield self.read(indices[start : start + READ_ROWS])
