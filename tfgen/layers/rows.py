"""Weights of rows, for layers that look across a batch."""

import tensorflow as tf

from tfgen.training.global_batch import GlobalBatch


def row_weights(x: tf.Tensor) -> tf.Tensor:
    """`(rows,)`: 1, or 0 for rows that only fill up a batch."""
    batch = GlobalBatch.current()
    if batch is None or batch.weights is None:
        return tf.ones(tf.shape(x)[:1])
    return batch.weights
