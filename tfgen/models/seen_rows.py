"""What a discriminator sees of the rows of a mixed table."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts
from tfgen.layers.one_hot_codes import OneHotCodes

TEMPERATURE = 0.2
"""Of the softmax that gradients go by, as in CTGAN."""


class SeenRows:
    """Rows of a mixed table, real and drawn, for a discriminator.

    It sees real numbers, 0 where the code beside says that they do not count,
    and codes as one-hot vectors.

    Args:
        columns: see `tfgen.data.table_parts.TableParts`.

    Attributes:
        width: numbers of a row.
        numbers: places of real ones.
        groups: places of codes, by how many there are of such.
        codes: length of all one-hot vectors.
        column: int32 `(codes,)`, the number of each one's vector.
        size: what the discriminator sees: real numbers and these.

    Reference:
        Jang et al. (2017), "Categorical reparameterization with
        Gumbel-softmax"; Xu et al. (2019), "Modeling tabular data using
        conditional GAN", section 4.4.
    """

    def __init__(self, columns: Sequence[int | str]):
        parts = TableParts(tuple(columns))
        self.groups, self.numbers = parts.codes, parts.numbers
        self._one_hot = OneHotCodes(parts.parts)
        levels = [n for n, places in self.groups.items() for _ in places]
        places = [p for group in self.groups.values() for p in group]
        self.width, self.codes = parts.width, sum(levels)
        self.size = len(self.numbers) + self.codes
        self.column = np.repeat(np.arange(len(levels), dtype="int32"), levels)
        # Of each number the place of the code 0 beside it; for those without
        # one, of a 1 behind all codes.
        first = dict(zip(places, np.cumsum([0, *levels])[:-1], strict=True))
        beside = parts.beside[self.numbers]
        counts = [first.get(place, self.codes) for place in beside]
        self._counts = np.array(counts, np.int32)

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        """Rows `(rows, width)` as the discriminator sees them."""
        return self._one_hot(x)

    def codes_of(self, seen: tf.Tensor) -> tf.Tensor:
        """The one-hot vectors of rows `(rows, size)` that are seen."""
        return seen[:, self.size - self.codes :]

    def split(self, flat: tf.Tensor, *of_numbers: int) -> list[tf.Tensor]:
        """The parts of `(rows, ...)`: of numbers, and of each group of codes.

        Args:
            flat: parts side by side, those of codes last.
            of_numbers: of each part of numbers, how many values one has.
        """
        shapes = [(len(self.numbers), each) for each in of_numbers]
        shapes += [(len(p), n) for n, p in self.groups.items()]
        parts = tf.split(flat, [a * b for a, b in shapes], axis=-1)
        rows = tf.shape(flat)[0]
        return [
            tf.reshape(part, (rows, *shape))
            for part, shape in zip(parts, shapes, strict=True)
        ]

    def relaxed(
        self,
        weights: tf.Tensor,
        values: tf.Tensor,
        codes: Sequence[tf.Tensor],
        uniform: tf.Tensor,
    ) -> tf.Tensor:
        """Draws as the discriminator sees them, with a gradient.

        Forwards components and codes are one-hot vectors, backwards a softmax
        of the same Gumbel noise.

        Args:
            weights: logits of each number's components, `(rows, numbers,
                components)`.
            values: that a number has in each, as many.
            codes: logits of each group, `(rows, places, levels)`.
            uniform: in [0, 1), a number for each weight, then for each code.
        """
        gumbel = -tf.math.log(-tf.math.log(inside(uniform)))
        noise, *of_codes = self.split(gumbel, weights.shape[-1])
        hot = [
            _straight_through(logits + own)
            for logits, own in zip(codes, of_codes, strict=True)
        ]
        return self.counted(_straight_through(weights + noise), values, hot)

    def counted(
        self, chosen: tf.Tensor, values: tf.Tensor, hot: Sequence[tf.Tensor]
    ) -> tf.Tensor:
        """What is seen of one-hot components and codes, `(rows, size)`.

        Numbers that do not count are 0.
        """
        numbers = tf.reduce_sum(chosen * values, axis=-1)
        codes = self.flat(hot, numbers)
        one = tf.ones((tf.shape(codes)[0], 1))
        padded = tf.concat([codes, one], axis=-1)
        counts = tf.gather(padded, self._counts, axis=-1)
        return tf.concat([numbers * counts, codes], axis=-1)

    def flat(self, codes: Sequence[tf.Tensor], like: tf.Tensor) -> tf.Tensor:
        """Groups of codes side by side, `(rows, codes)`, for rows of `like`."""
        rows = tf.shape(like)[0]
        none = tf.zeros((rows, 0))
        flat = [tf.reshape(c, (rows, c.shape[1] * c.shape[2])) for c in codes]
        return tf.concat([none, *flat], axis=-1)


def inside(uniform: tf.Tensor) -> tf.Tensor:
    """Noise in [0, 1) without its ends."""
    return tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)


def _straight_through(noisy):
    soft = tf.nn.softmax(noisy / TEMPERATURE)
    hard = tf.one_hot(tf.argmax(noisy, axis=-1), noisy.shape[-1])
    return soft + tf.stop_gradient(hard - soft)
