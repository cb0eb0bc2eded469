import keras
import tensorflow as tf

from tfgen.layers.rows import row_weights


@keras.saving.register_keras_serializable(package="tfgen")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation over the rows of all replicas, exactly.

    Formula, with i over the rows of all replicas and all pixels, and n their
    number: `mean = sum_i x_i / n`, `variance = sum_i (x_i - mean)^2 / n`.

    Replicas may hold different numbers of rows, or none; gradients of any
    order go through the sums. `keras.layers.BatchNormalization` weighs every
    replica alike, however few rows it holds, and fails on none.

    Args:
        axis: axis of the features.
        momentum: share of the moving statistics, which inference uses, that
            a step keeps.
        epsilon: added to the variance.
        synchronized: True; there for the config.
        **kwargs: other arguments of `keras.layers.BatchNormalization`.

    Raises:
        ValueError: if `synchronized` is False, or for a mask.

    Reference:
        Ioffe and Szegedy (2015), "Batch normalization".

    Example:
    >>> layer = tfgen.layers.BatchNormalization(scale=False, center=False)
    >>> layer(np.float32([[1], [3]]), training=True).numpy().round(2)
    array([[-1.],
           [ 1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        *,
        synchronized: bool = True,
        **kwargs,
    ):
        if not synchronized:
            raise ValueError(
                "tfgen.layers.BatchNormalization got synchronized=False: use "
                "keras.layers.BatchNormalization for statistics of each "
                "replica's own."
            )
        super().__init__(axis, momentum, epsilon, synchronized=True, **kwargs)

    def _moments(self, inputs, mask):
        if mask is not None:
            raise ValueError(
                f"layer {self.name!r} got a mask, which "
                "tfgen.layers.BatchNormalization does not take."
            )
        rest = self._reduction_axes
        weights = row_weights(inputs)
        weights = tf.reshape(weights, [-1] + [1] * (len(inputs.shape) - 1))
        count = tf.reduce_sum(tf.ones_like(inputs) * weights, rest)
        total = tf.reduce_sum(inputs * weights, rest)
        # Sums and not means, since replicas may hold different numbers of rows.
        total, count = over_replicas([total, count])
        mean = self._or(self.moving_mean, total, count)
        # Second pass: squares of the large numbers themselves would cancel.
        squares = (inputs - self._broadcast(mean)) ** 2
        (total,) = over_replicas([tf.reduce_sum(squares * weights, rest)])
        return mean, self._or(self.moving_variance, total, count)

    def _or(self, moving, total, count):
        """The mean, or where no row counts the moving statistic."""
        moving = tf.cast(tf.convert_to_tensor(moving), total.dtype)
        return tf.where(count > 0, total / tf.maximum(count, 1), moving)

    def _broadcast(self, values):
        shape = [1] * (len(self._reduction_axes) + 1)
        shape[self.axis] = -1
        return tf.reshape(values, shape)


def over_replicas(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
    """Sums over the replicas."""
    # None in a strategy's scope outside of its replicas.
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tensors
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)
