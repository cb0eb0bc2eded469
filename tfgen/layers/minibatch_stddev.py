import math

import keras
import tensorflow as tf

from tfgen.layers.rows import row_weights


@keras.saving.register_keras_serializable(package="tfgen")
class MinibatchStddev(keras.layers.Layer):
    """Standard deviation of the examples around each, as a further channel.

    Consecutive rows form groups, the last of which may be smaller. Formula,
    with i over the rows of a group and j over the values of a row:
    `s = mean_j sqrt(mean_i (x_ij - mean_i x_ij)^2 + 1e-8)`. Each row gets the
    s of its group as one more channel.

    Several replicas take the same step as one where `group_size` divides the
    rows of a replica.

    Args:
        group_size: number of rows in a group.
        **kwargs: other arguments of `keras.layers.Layer`.

    Input: `(rows, ..., channels)`. Output: `(rows, ..., channels + 1)`.

    Raises:
        ValueError: for groups of fewer than 2 rows.

    Reference:
        Karras et al. (2018), "Progressive growing of GANs", section 3.

    Example:
    >>> layer = tfgen.layers.MinibatchStddev(group_size=2)
    >>> layer(np.float32([[1], [3], [5], [5]])).numpy()[:, 1].round(2)
    array([1., 1., 0., 0.], dtype=float32)
    """

    mixes_rows = True

    def __init__(self, group_size: int = 4, **kwargs):
        super().__init__(**kwargs)
        if group_size < 2:
            raise ValueError(f"group_size is {group_size}, expected 2 or more.")
        self.group_size = group_size
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        rows = tf.shape(inputs)[0]
        x = tf.cast(inputs, tf.float32)
        x = tf.reshape(x, (rows, math.prod(inputs.shape[1:])))
        # Rows of weight 0 fill up the last group.
        extra = -rows % self.group_size
        x = tf.pad(x, [[0, extra], [0, 0]])
        weights = tf.pad(row_weights(inputs), [[0, extra]])
        stddev = self._stddev(x, weights)
        each = tf.repeat(stddev, self.group_size)[:rows]
        channel = tf.reshape(each, [-1] + [1] * (len(inputs.shape) - 1))
        channel = tf.broadcast_to(
            channel, tf.concat([tf.shape(inputs)[:-1], [1]], axis=0)
        )
        return tf.concat([inputs, tf.cast(channel, inputs.dtype)], axis=-1)

    def _stddev(self, x, weights):
        """One number a group, `(groups,)`."""
        x = tf.reshape(x, (-1, self.group_size, x.shape[-1]))
        weights = tf.reshape(weights, (-1, self.group_size, 1))
        count = tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1.0)
        mean = tf.reduce_sum(weights * x, axis=1, keepdims=True) / count
        squares = weights * (x - mean) ** 2
        variance = tf.reduce_sum(squares, axis=1) / count[:, 0]
        # The square root of 0 alone would have an infinite slope.
        return tf.reduce_mean(tf.sqrt(variance + 1e-8), axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict:
        return {**super().get_config(), "group_size": self.group_size}
