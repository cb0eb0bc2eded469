import numpy as np

ROWS = 4096
PART = 64
BLOCK = 64


class HostSums:
    """Count, mean and scatter of features, streamed through NumPy.

    Rows are centered on the mean of the first batch and gathered, so that
    small batches cost no more than large ones; of 4,096 at a time one
    triangle of the products is computed in float32. The sums over these, and
    the sums of values and squares, are float64. Memory: one matrix
    `(features, features)` and 4,096 rows.
    """

    def __init__(self):
        self.count = 0
        self._waiting = 0

    def add(self, features: np.ndarray) -> None:
        """Adds float32 rows `(n, features)`, n > 0."""
        if not self.count:
            self._start(features)
        self.count += len(features)
        while len(features):
            rows = features[: ROWS - self._waiting]
            end = self._waiting + len(rows)
            np.subtract(rows, self._origin, out=self._rows[self._waiting : end])
            self._waiting = end
            if end == ROWS:
                self._sum_up()
            features = features[len(rows) :]

    def moments(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Count, mean `(features,)`, scatter `(features, features)`; float64.

        The scatter is the sum of `(x - mean) (x - mean)^T` over the rows.
        """
        self._sum_up()
        # Above the diagonal there is nothing yet.
        scatter = np.outer(self._sum, self._sum / -self.count)
        scatter += self._products
        squares = self._squares - self._sum**2 / self.count
        _mirror(scatter, squares)
        return self.count, self._origin + self._sum / self.count, scatter

    def _start(self, features):
        size = features.shape[1]
        mean = features[:ROWS].mean(axis=0, dtype=np.float64)
        self._origin = np.float32(mean)
        self._rows = np.zeros((ROWS, size), np.float32)
        self._added = np.zeros((size, size), np.float32, order="F")
        self._products = np.zeros((size, size))
        self._sum, self._squares = np.zeros((2, size))

    def _sum_up(self):
        """Moves the waiting rows into the sums."""
        from scipy.linalg.blas import ssyrk

        if not self._waiting:
            return
        used = -(-self._waiting // PART) * PART
        rows = self._rows[:used]
        rows[self._waiting :] = 0.0
        # The upper triangle in Fortran's order is the lower one in C's.
        added = ssyrk(1.0, rows.T, c=self._added, overwrite_c=1)
        self._products += added.T
        # Some rows at a time in float32, whose error then averages out.
        parts = rows.reshape(-1, PART, rows.shape[1])
        self._sum += parts.sum(axis=1).sum(axis=0, dtype=np.float64)
        squares = np.einsum("kij,kij->kj", parts, parts)
        self._squares += squares.sum(axis=0, dtype=np.float64)
        self._waiting = 0


def _mirror(matrix, diagonal):
    """Copies what is below the diagonal to above it, in place.

    In blocks: a whole matrix does not fit the processor's cache.
    """
    for i in range(0, len(matrix), BLOCK):
        block = matrix[i : i + BLOCK, i : i + BLOCK]
        block[:] = np.tril(block, -1) + np.tril(block, -1).T
        rest = matrix[i + BLOCK :, i : i + BLOCK]
        matrix[i : i + BLOCK, i + BLOCK :] = rest.T
    np.fill_diagonal(matrix, diagonal)
