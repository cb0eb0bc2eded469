"""ArrayStorage: examples in a NumPy array, in memory or memory-mapped."""

import numpy as np

from tfgen.data.storage import Storage


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
        return np.asarray(self.x[indices])

    def digest(self, indices: np.ndarray, sha256) -> None:
        for rows in self.chunks(indices):
            sha256.update(np.ascontiguousarray(rows).data.cast("B"))
