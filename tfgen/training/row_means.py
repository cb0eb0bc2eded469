"""Means of what a step finds of each row."""

import keras
import tensorflow as tf


def add_rows(
    means: list[keras.metrics.Mean],
    values: list[tf.Tensor],
    weights: tf.Tensor | None = None,
) -> None:
    """Adds values of the same rows to means, as `update_state` does of each.

    One sum for all: Keras takes ten operations a mean, which together are a
    twentieth of a small network's step.

    Args:
        means: which have the values' sums and the number of rows added.
        values: of each, `(rows,)`.
        weights: of the rows, `(rows,)`, or None for 1.

    Example:
    >>> from tfgen.training.row_means import add_rows
    >>> means = [keras.metrics.Mean(dtype="float64") for _ in range(2)]
    >>> add_rows(means, [np.array([1.0, 2.0]), np.array([3.0, 6.0])])
    >>> [float(mean.result()) for mean in means]
    [1.5, 4.5]
    """
    # Sums of many nats: float32 would round away the last digits.
    rows = tf.cast(tf.stack(values), tf.float64)
    if weights is None:
        count = tf.cast(tf.shape(rows)[1], tf.float64)
    else:
        weights = tf.cast(weights, tf.float64)
        rows, count = rows * weights, tf.reduce_sum(weights)
    totals = tf.unstack(tf.reduce_sum(rows, axis=1))
    for mean, total in zip(means, totals, strict=True):
        # TensorFlow's, since Keras' reads, adds and writes.
        mean.total.value.assign_add(total)
        mean.count.value.assign_add(count)
