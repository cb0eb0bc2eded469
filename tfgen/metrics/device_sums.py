import keras
import numpy as np
import tensorflow as tf


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

    def __init__(self, metric, name: str, num_features: int):
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
        return int(self._read("count"))

    def moments(self) -> tuple[int, np.ndarray, np.ndarray]:
        """As those of `HostSums`."""
        count, mean = self.count, self._read("sum") / self.count
        scatter = self._read("products") - count * np.outer(mean, mean)
        return count, mean, scatter

    def reset(self) -> None:
        with self._strategy.scope():
            for variable in self._sums.values():
                variable.assign(tf.zeros(variable.shape, variable.dtype))

    def _read(self, key):
        with self._strategy.scope():  # the sum over its replicas
            return keras.ops.convert_to_numpy(self._sums[key])


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
