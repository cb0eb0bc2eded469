"""Batches that each row enters or not, whatever the others do."""

import tensorflow as tf

from tfgen.data.batches import Batches


class PoissonBatches(Batches):
    """Poisson samples of the rows of other batches.

    Each row is in each batch with probability `batch_size / rows`, by a draw
    of its own; there may be none. Batch number `step` is a pure function of
    `(key, step)`, so that a training that was stopped goes on as if nothing
    had been. A batch costs a draw for each row of the source.

    Args:
        batches: of which source, size and labels are taken.
        key: 64 bits, which only who may know the samples knows.

    Reference:
        Abadi et al. (2016), "Deep learning with differential privacy",
        section 3, "lots".

    Example:
    >>> batches = tfgen.data.load("digits").batches(128)
    >>> for x in PoissonBatches(batches, key=7).dataset().take(2):
    ...     print(len(x))  # about 128
    122
    121
    """

    def __init__(self, batches: Batches, key: int):
        super().__init__(
            batches.source,
            batches.batch_size,
            seed=batches.seed,
            shuffle=batches.shuffle,
            labels=batches.labels,
            memory_limit=batches.memory_limit,
        )
        self._held = batches._held
        self._key = key

    def _positions(self, step: tf.Tensor) -> tf.Tensor:
        rows = len(self.source)
        words = tf.random.stateless_uniform(
            [rows],
            tf.stack([tf.constant(self._key, tf.int64), step]),
            None,
            None,
            tf.int32,
            alg="philox",
        )
        # Rounded down, by 2**-32 at most: no row comes more often than said.
        below = (2**32 * self.batch_size) // rows - 2**31
        return tf.where(tf.cast(words, tf.int64) < below)[:, 0]
