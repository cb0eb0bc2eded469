"""Which rows have the largest values, of all that lie on several replicas."""

import tensorflow as tf

BASE, DIGITS = 256, 4


def are_largest(
    values: tf.Tensor, count: tf.Tensor, weights: tf.Tensor | None
) -> tf.Tensor:
    """Which of this replica's values are among the largest of all replicas.

    The value that comes after the `count` largest is found digit by digit, as
    radix sort goes: each replica counts its values from every candidate on,
    and the counts are added up. What replicas exchange so has the same shape
    for any number of rows, which collective operations within one compiled
    call ask for.

    Args:
        values: `(rows,)`.
        count: how many, fewer than there are rows. Of values that are equal,
            where some would be one too many, none are.
        weights: 0 for rows that do not count, else 1; None: all count.

    Returns:
        `(rows,)`, bool.
    """
    keys = _in_order(values)
    rank = tf.cast(count, tf.int32) + 1
    limit = tf.constant(0, tf.int64)
    for digit in reversed(range(DIGITS)):
        candidates = limit + BASE**digit * tf.range(BASE, dtype=tf.int64)
        reached = tf.cast(keys[:, None] >= candidates, tf.int32)
        if weights is not None:
            reached *= tf.cast(weights, tf.int32)[:, None]
        counts = _over_replicas(tf.reduce_sum(reached, axis=0))
        limit = candidates[tf.math.count_nonzero(counts >= rank) - 1]
    return keys > limit


def _in_order(values):
    """Whole numbers from 0 to 2**32 - 1 that are in the order of the values."""
    bits = tf.bitcast(tf.cast(values, tf.float32), tf.int32)
    # Of negative numbers the bits grow with the magnitude.
    bits = tf.where(bits < 0, bits ^ tf.int32.max, bits)
    return tf.cast(bits, tf.int64) - tf.int32.min


def _over_replicas(counts):
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return counts
    return context.all_reduce(tf.distribute.ReduceOp.SUM, counts)
