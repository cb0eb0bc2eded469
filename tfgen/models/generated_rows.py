"""What a GAN's networks give and see of the rows of a mixed table."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts, ordered
from tfgen.layers.one_hot_codes import OneHotCodes
from tfgen.probability.level_likelihoods import choose
from tfgen.training import GlobalBatch

TEMPERATURE = 0.2
"""Of the softmax by which the gradient goes; as in CTGAN."""


class GeneratedRows:
    """Rows of a mixed table as one-hot vectors, generated and real.

    The generator gives a value for each real number and a logit for each code
    that a number of a row may be. The discriminator sees real numbers, 0 where
    the code beside says that they do not count, and one-hot vectors. A
    condition is one code of one column, of the row's own: the generator is told
    it, and pays for codes that it makes unlikely.

    Args:
        columns: see `tfgen.data.table_parts.TableParts`.

    Attributes:
        width: numbers of a row.
        size: numbers that the generator gives, and the discriminator sees.
        codes: how many of them are of codes; the size of a condition.

    Reference:
        Jang et al. (2017), "Categorical reparameterization with
        Gumbel-softmax", for the straight-through draw; Xu et al. (2019),
        "Modeling tabular data using conditional GAN", sections 4.3 and 4.4.
    """

    def __init__(self, columns: Sequence[int | str]):
        self._parts = parts = TableParts(tuple(columns))
        self._one_hot = OneHotCodes(parts.parts)
        self.width = parts.width
        # Of codes, in the order of their one-hot vectors.
        self._levels = [n for n, places in parts.codes.items() for _ in places]
        self._places = [p for places in parts.codes.values() for p in places]
        self.codes = sum(self._levels)
        self.size = len(parts.numbers) + self.codes
        self._column = np.repeat(np.arange(len(self._levels)), self._levels)
        starts = np.cumsum([0, *self._levels])[:-1]
        first = dict(zip(self._places, starts, strict=True))
        # Of each number the code 0 beside it, or one more that is always 1.
        beside = parts.beside[parts.numbers]
        self._counting = [int(first.get(p, self.codes)) for p in beside]

    def prepare(
        self, batch: GlobalBatch, conditions: bool
    ) -> None:
        """Makes a batch's rows what the discriminator sees.

        Args:
            batch: of rows `(rows, width)`.
            conditions: whether a condition stands in the labels' place.
        """
        batch.x = self.seen(batch.x)
        if conditions:
            batch.labels = self.condition_of(
                batch.x, batch.uniform((1,), "condition")
            )

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        """Real rows, `(rows, width)`, as the discriminator sees them."""
        return self._one_hot(x)

    def condition_of(self, seen: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """The code that rows have in one column, or in none, each as often."""
        column = tf.floor(uniform * (len(self._levels) + 1))
        chosen = tf.equal(tf.cast(column, tf.int32), self._column)
        return tf.where(chosen, seen[:, -self.codes :], 0.0)

    def condition_at(self, shares: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Conditions as often as training has them.

        Args:
            shares: `(codes,)`, of the rows of the data.
            uniform: `(rows, 1)`.
        """
        none = tf.ones((1,))
        each = tf.concat([shares, none], axis=0)[None]
        chosen, _ = choose(each / tf.reduce_sum(each), uniform)
        return chosen[:, :-1]

    def shares(self, batch: GlobalBatch) -> tf.Tensor:
        """Shares of the codes in a prepared batch, `(codes,)`."""
        return batch.global_mean(batch.x[:, -self.codes :])

    def cross_entropy(
        self, outputs: tf.Tensor, condition: tf.Tensor
    ) -> tf.Tensor:
        """-log probability of the codes that were asked for, `(rows,)`."""
        each = self._each_column(outputs, tf.nn.log_softmax)
        return -tf.reduce_sum(condition * each, axis=-1)

    def drawn(self, outputs: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Draws as the discriminator sees them, with a gradient.

        Forwards they are one-hot vectors, backwards the softmax of Gumbel
        noise beside the logits.

        Args:
            outputs: of the generator, `(rows, size)`.
            uniform: `(rows, codes)`, in [0, 1).
        """
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        gumbel = -tf.math.log(-tf.math.log(inside))
        numbers, logits = self._split(outputs)
        noisy = tf.concat([numbers, logits + gumbel], axis=-1)
        hot = self._each_column(noisy, _straight_through)
        return self._counted(numbers, hot)

    def rows(
        self, outputs: tf.Tensor, uniform: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Rows `(rows, width)`: codes drawn, or the most probable ones.

        Args:
            outputs: of the generator, `(rows, size)`.
            uniform: `(rows, width)`, in [0, 1), or None.
        """
        numbers, logits = self._split(outputs)
        found, place = [], 0
        hot = []
        for levels, number in zip(self._levels, self._places, strict=True):
            part = logits[:, place : place + levels]
            if uniform is not None:
                own = tf.clip_by_value(uniform[:, number, None], 1e-7, 1 - 1e-7)
                part, _ = choose(tf.nn.softmax(part), own)
            code = tf.argmax(part, axis=-1)
            found.append(tf.cast(code, tf.float32)[:, None])
            hot.append(tf.one_hot(code, levels))
            place += levels
        counted = self._counted(numbers, tf.concat(hot, -1))
        x = tf.concat([counted[:, : numbers.shape[-1]], *found], axis=-1)
        return tf.gather(
            x, ordered([self._parts.numbers, self._places]), axis=-1
        )

    def _split(self, outputs):
        return tf.split(outputs, (self.size - self.codes, self.codes), axis=-1)

    def _each_column(self, outputs, function):
        """A function of the logits of each column's codes, side by side."""
        _, logits = self._split(outputs)
        return tf.concat(
            [function(part) for part in tf.split(logits, self._levels, -1)], -1
        )

    def _counted(self, numbers, hot):
        always = tf.concat([hot, tf.ones_like(hot[:, :1])], axis=-1)
        counts = tf.gather(always, self._counting, axis=-1)
        return tf.concat([numbers * counts, hot], axis=-1)


def _straight_through(noisy):
    soft = tf.nn.softmax(noisy / TEMPERATURE)
    hard = tf.one_hot(tf.argmax(noisy, axis=-1), noisy.shape[-1])
    return soft + tf.stop_gradient(hard - soft)
