"""Count, mean and covariance of features, streamed."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.metrics.feature_extractor import Rows

ROWS = 4096
PART = 64
BLOCK = 64


class Moments:
    """Count, mean and covariance of features, streamed.

    Arrays are summed by NumPy, symbolic tensors on their device, and the two
    are put together (Chan et al., 1979, "Updating formulae and a pairwise
    algorithm for computing sample variances", equation 2.1).

    Args:
        metric: the `keras.metrics.Metric` that owns the variables.
        name: of the side, for the names of the variables.
    """

    def __init__(self, metric: keras.metrics.Metric, name: str):
        self._metric = metric
        self._name = name
        self._host = HostSums()
        self._device = None

    def build(self, num_features: int) -> None:
        """Makes the variables; before use within a compiled function."""
        if self._device is None:
            self.num_features = num_features
            self._device = DeviceSums(self._metric, self._name, num_features)

    def add(self, features: Rows) -> None:
        """Adds rows `(n, features)`."""
        if not tf.is_symbolic_tensor(features):
            self.num_features = features.shape[1]
            self._host.add(features)
            return
        if self._device is None:
            raise ValueError(
                f"{self._metric.name} is used in a compiled function before "
                "it has variables: call its build(num_features) first."
            )
        self._device.add(features)

    @property
    def count(self) -> int:
        """Rows so far."""
        return self._host.count + (self._device.count if self._device else 0)

    def mean_and_covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """float64 `(features,)`, and `(features, features)` over n - 1."""
        sums = [self._host] + [self._device] * (self._device is not None)
        parts = [part.moments() for part in sums if part.count]
        count, mean, scatter = parts[0]
        for more, other, other_scatter in parts[1:]:
            # Scatter around two means: that around the common one is larger
            # by what the means lie apart.
            gap = other - mean
            share = more / (count + more)
            scatter = scatter + other_scatter
            scatter += count * share * np.outer(gap, gap)
            count, mean = count + more, mean + share * gap
        scatter /= count - 1
        return mean, scatter

    def reset(self) -> None:
        """Forgets all rows; the variables stay."""
        self._host = HostSums()
        if self._device is not None:
            self._device.reset()


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


class DeviceSums:
    """Count, mean and scatter of features, streamed within compiled functions.

    Sums are kept in float64; the products within one batch are of float32
    values around the batch's own mean, so nothing is lost to a large mean.
    Memory: one matrix `(features, features)`. Each replica sums what it sees.

    Args:
        metric: the `keras.metrics.Metric` that owns the variables.
        name: of the side, for the names of the variables.
        num_features: length of a row.
    """

    def __init__(
        self, metric: keras.metrics.Metric, name: str, num_features: int
    ):
        self._strategy = tf.distribute.get_strategy()
        shapes = {
            "count": (),
            "sum": (num_features,),
            "products": (num_features, num_features),
        }
        self._sums = {
            key: metric.add_variable(
                shape, "zeros", "float64", name=f"{name}_{key}"
            )
            for key, shape in shapes.items()
        }

    def add(self, features: tf.Tensor) -> None:
        """Adds symbolic rows `(n, features)`."""
        for key, value in _batch_sums(features).items():
            self._sums[key].assign_add(value)

    @property
    def count(self) -> int:
        """Rows so far, over all replicas."""
        return int(self._read("count"))

    def moments(self) -> tuple[int, np.ndarray, np.ndarray]:
        """As those of `HostSums`."""
        count, mean = self.count, self._read("sum") / self.count
        scatter = self._read("products") - count * np.outer(mean, mean)
        return count, mean, scatter

    def reset(self) -> None:
        """Forgets all rows."""
        with self._strategy.scope():
            for variable in self._sums.values():
                variable.assign(tf.zeros(variable.shape, variable.dtype))

    def _read(self, key):
        with self._strategy.scope():  # the sum over its replicas
            return keras.ops.convert_to_numpy(self._sums[key])


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


def _batch_sums(x):
    rows = tf.cast(tf.shape(x)[0], tf.float64)
    exact = tf.reduce_sum(tf.cast(x, tf.float64), axis=0)
    mean = tf.cast(tf.math.divide_no_nan(exact, rows), tf.float32)
    centered = x - mean
    products = tf.cast(
        tf.matmul(centered, centered, transpose_a=True), tf.float64
    )
    # The sum of (c + m)(c + m)^T, where sum(c) = exact - rows * m is what
    # rounding the mean to float32 leaves.
    mean = tf.cast(mean, tf.float64)
    cross = (exact - rows * mean)[:, None] * mean[None]
    products += cross + tf.transpose(cross)
    products += rows * mean[:, None] * mean[None]
    return {"count": rows, "sum": exact, "products": products}
