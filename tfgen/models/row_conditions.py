"""What a GAN's networks are told of a mixed table's row."""

from collections.abc import Callable

import tensorflow as tf

from tfgen.models.generated_rows import GeneratedRows
from tfgen.named_parts import saved_number
from tfgen.probability.level_likelihoods import choose
from tfgen.training import GlobalBatch


class RowConditions:
    """A code of one column that a generated row should have, or none.

    It stands where labels do, as a one-hot vector of all columns' codes. In
    training it is the row's own, of a column drawn at random, so that real
    rows come as the data has them; the generator pays the cross-entropy of
    what was asked for. Samples get conditions as often.

    Args:
        table: the rows.
        add_weight: `keras.Model.add_weight` of the model that saves how often
            codes stand in the data.

    Attributes:
        shares: of the rows of all steps so far, that have a code, `(codes,)`.

    Reference:
        Xu et al. (2019), "Modeling tabular data using conditional GAN",
        section 4.3, without its logarithm of frequencies.
    """

    def __init__(self, table: GeneratedRows, add_weight: Callable):
        self._table = table
        self.shares = saved_number(add_weight, "code_shares", (table.codes,))

    def none(self, like: tf.Tensor) -> tf.Tensor:
        """No condition for as many rows."""
        return tf.zeros((tf.shape(like)[0], self._table.codes))

    def of(self, batch: GlobalBatch) -> tf.Tensor:
        """The code of each row in one of its columns, or none, `(rows, codes)`.

        Args:
            batch: its `x` as the discriminator sees it.
        """
        choices = self._table.column[-1] + 2  # columns, and none
        uniform = batch.uniform((1,), "condition")
        column = tf.cast(tf.floor(uniform * float(choices)), tf.int32)
        hot = self._table.codes_of(batch.x)
        return tf.where(tf.equal(column, self._table.column), hot, 0.0)

    def at(self, uniform: tf.Tensor) -> tf.Tensor:
        """Conditions as often as `of` gives them, by `(rows, 1)` in (0, 1)."""
        each = tf.concat([self.shares, [1.0]], axis=0)[None]
        chosen, _ = choose(each / tf.reduce_sum(each), uniform)
        return chosen[:, :-1]

    def loss(self, outputs: tf.Tensor, conditions: tf.Tensor) -> tf.Tensor:
        """-log of the probability of the codes asked for, `(rows,)`."""
        each = conditions * self._table.log_probs(outputs)
        return -tf.reduce_sum(each, axis=-1)

    def count(self, batch: GlobalBatch, step: tf.Tensor) -> None:
        """Takes a batch as `of` does into the mean over all steps."""
        mean = batch.global_mean(self._table.codes_of(batch.x))
        change = (mean - self.shares) / tf.cast(step + 1, tf.float32)
        self.shares.assign_add(change)
