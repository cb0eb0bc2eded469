import keras
import numpy as np
import tensorflow as tf


class Moments:
    """Count, mean and covariance of features, streamed on the device.

    Sums are kept in float64; the products within one batch are of float32
    values around the batch's own mean, so nothing is lost to a large mean.
    Memory: one matrix, `(features, features)`. Under a strategy each replica
    sums what it sees.

    Args:
        metric: the `keras.metrics.Metric` that owns the variables.
        name: of the side, for the names of the variables.
    """

    def __init__(self, metric, name: str):
        self._metric = metric
        self._name = name
        self._sums = None

    def build(self, num_features: int) -> None:
        """Makes the variables; before use within a compiled function."""
        if self._sums is None:
            self.num_features = num_features
            self._strategy = tf.distribute.get_strategy()
            shapes = {
                "count": (),
                "sum": (num_features,),
                "products": (num_features, num_features),
            }
            self._sums = {
                key: self._metric.add_variable(
                    shape, "zeros", "float64", name=f"{self._name}_{key}"
                )
                for key, shape in shapes.items()
            }

    def add(self, features) -> None:
        """Adds rows `(n, features)`."""
        if self._sums is None:
            if tf.is_symbolic_tensor(features):
                raise ValueError(
                    f"{self._metric.name} is used in a compiled function "
                    "before it has variables: call its build(num_features) "
                    "first."
                )
            self.build(features.shape[1])
        added = _batch_sums(tf.convert_to_tensor(features, tf.float32))
        if tf.is_symbolic_tensor(added["count"]):
            for key, value in added.items():
                self._sums[key].assign_add(value)
            return
        with self._strategy.scope():
            for key, value in added.items():
                self._sums[key].assign(self._sums[key] + value)

    @property
    def count(self) -> int:
        return int(self._read("count")) if self._sums else 0

    @property
    def mean(self) -> np.ndarray:
        """float64 `(features,)`."""
        return self._read("sum") / self.count

    @property
    def covariance(self) -> np.ndarray:
        """float64 `(features, features)`, unbiased (over n - 1)."""
        mean = self.mean
        centered = self._read("products") - self.count * np.outer(mean, mean)
        return centered / (self.count - 1)

    def reset(self) -> None:
        if self._sums is not None:
            with self._strategy.scope():
                for variable in self._sums.values():
                    variable.assign(tf.zeros(variable.shape, variable.dtype))

    def _read(self, key):
        with self._strategy.scope():  # the sum over its replicas
            return keras.ops.convert_to_numpy(self._sums[key])


@tf.function(
    input_signature=[tf.TensorSpec((None, None), tf.float32)], autograph=False
)
def _batch_sums(x):
    rows = tf.cast(tf.shape(x)[0], tf.float64)
    exact = tf.reduce_sum(tf.cast(x, tf.float64), axis=0)
    mean = tf.math.divide_no_nan(exact, rows)
    centered = x - tf.cast(mean, tf.float32)
    # What rounding the mean to float32 leaves in the centered rows.
    rest = tf.cast(tf.cast(mean, tf.float32), tf.float64)
    products = tf.cast(
        tf.matmul(centered, centered, transpose_a=True), tf.float64
    )
    # sum of (c + m)(c + m)^T with sum(c) = exact - rows * m.
    cross = (exact - rows * rest)[:, None] * rest[None]
    products += cross + tf.transpose(cross)
    products += rows * rest[:, None] * rest[None]
    return {"count": rows, "sum": exact, "products": products}
