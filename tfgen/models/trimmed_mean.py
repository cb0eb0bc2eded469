"""The mean loss of a batch without its worst rows."""

import tensorflow as tf

from tfgen.training import GlobalBatch


class TrimmedMean:
    """The mean of a batch's losses without a share of the largest.

    Odd rows among the training rows have large losses once a model has begun
    to learn the others, and are then not learned from. So are rare rows that
    are none: the share is what may be lost of either.

    Formula: `mean(losses[losses <= q])`, q such that `round(share * rows)` of
        the global batch's rows lie above it; those that are equal stay.

    Args:
        share: of rows, from 0 to below 0.5.
        warmup_steps: steps before which all rows are taken.

    Reference:
        Rousseeuw (1984), "Least median of squares regression", for least
        trimmed squares; Shen and Sanghavi (2019), "Learning with bad training
        data via iterative trimmed loss minimization", for steps on batches.
    """

    def __init__(self, share: float, warmup_steps: int):
        self.share = share
        self.warmup_steps = warmup_steps

    def __call__(
        self, batch: GlobalBatch, losses: tf.Tensor, step: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """This replica's share of the mean, and what to log.

        Args:
            batch: the `GlobalBatch`.
            losses: `(rows,)`.
            step: training steps done.

        Returns:
            The mean, and as `trimmed` 1 for rows that were left out, else 0.
        """
        if not self.share:
            return batch.mean(losses), {}
        count = tf.round(self.share * batch.size)
        count = tf.where(step < self.warmup_steps, 0.0, count)
        trimmed = tf.cast(batch.largest(losses, count), tf.float32)
        kept = 1.0 - trimmed
        mean = batch.mean(kept * losses) / batch.global_mean(kept)
        return mean, {"trimmed": trimmed}
