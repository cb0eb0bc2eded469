"""What a GAN's networks give and see of the rows of a mixed table."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts, ordered
from tfgen.layers.one_hot_codes import OneHotCodes
from tfgen.probability.level_likelihoods import choose

TEMPERATURE = 0.2
"""Of the softmax that gradients go by, as in CTGAN."""
COMPONENTS = 5
"""Values of which a number is one, as it has modes of its own in CTGAN."""
CENTRES = np.linspace(-1.5, 1.5, COMPONENTS, dtype=np.float32)
"""What is added to them: outputs near 0 are spread over the data."""


class GeneratedRows:
    """Rows of a mixed table, generated and real, for a discriminator.

    It sees real numbers, 0 where the code beside says that they do not count,
    and codes as one-hot vectors. The generator gives logits of codes, and for
    each real number values with logits, by which one is drawn: far modes need
    no steep network.

    Args:
        columns: see `tfgen.data.table_parts.TableParts`.

    Attributes:
        width: numbers of a row.
        codes: length of all one-hot vectors.
        column: int32 `(codes,)`, the number of each one's vector.
        size: what the discriminator sees: real numbers and these.
        outputs: what the generator gives.

    Reference:
        Jang et al. (2017), "Categorical reparameterization with
        Gumbel-softmax"; Xu et al. (2019), "Modeling tabular data using
        conditional GAN", section 4.4.
    """

    def __init__(self, columns: Sequence[int | str]):
        parts = TableParts(tuple(columns))
        self._groups, self._numbers = parts.codes, parts.numbers
        self._one_hot = OneHotCodes(parts.parts)
        levels = [n for n, places in self._groups.items() for _ in places]
        places = [p for group in self._groups.values() for p in group]
        self.width, self.codes = parts.width, sum(levels)
        self.size = len(self._numbers) + self.codes
        self.outputs = 2 * COMPONENTS * len(self._numbers) + self.codes
        self.column = np.repeat(np.arange(len(levels), dtype="int32"), levels)
        # Of each number the place of the code 0 beside it; for those without
        # one, of a 1 behind all codes.
        first = dict(zip(places, np.cumsum([0, *levels])[:-1], strict=True))
        beside = parts.beside[self._numbers]
        counts = [first.get(place, self.codes) for place in beside]
        self._counts = np.array(counts, np.int32)

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        """Rows `(rows, width)` as the discriminator sees them."""
        return self._one_hot(x)

    def codes_of(self, seen: tf.Tensor) -> tf.Tensor:
        """The one-hot vectors of rows `(rows, size)` that are seen."""
        return seen[:, self.size - self.codes :]

    def log_probs(self, outputs: tf.Tensor) -> tf.Tensor:
        """Logarithms of the codes' probabilities, `(rows, codes)`.

        Args:
            outputs: of the generator, `(rows, outputs)`.
        """
        *_, codes = self._split(outputs)
        return self._flat(map(tf.nn.log_softmax, codes), outputs)

    def drawn(self, outputs: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Draws as the discriminator sees them, with a gradient.

        Forwards components and codes are one-hot vectors, backwards a softmax
        of the same Gumbel noise.

        Args:
            outputs: of the generator, `(rows, outputs)`.
            uniform: as many, in [0, 1).
        """
        gumbel = -tf.math.log(-tf.math.log(_inside(uniform)))
        noise, _, of_codes = self._split(gumbel)
        weights, values, codes = self._split(outputs)
        chosen = _straight_through(weights + noise)
        hot = [
            _straight_through(logits + own)
            for logits, own in zip(codes, of_codes, strict=True)
        ]
        return self._counted(chosen, values, hot)

    def rows(
        self, outputs: tf.Tensor, uniform: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Rows that are drawn or, without noise, the most probable ones.

        Args:
            outputs: of the generator, `(rows, outputs)`.
            uniform: `(rows, width)`, in [0, 1), or None.

        Returns:
            `(rows, width)`.
        """

        def pick(logits, places):
            if uniform is None:
                return tf.one_hot(tf.argmax(logits, -1), logits.shape[-1])
            own = tf.gather(_inside(uniform), places, axis=-1)[..., None]
            return choose(tf.nn.softmax(logits), own)[0]

        weights, values, codes = self._split(outputs)
        groups = self._groups.values()
        hot = [pick(c, p) for c, p in zip(codes, groups, strict=True)]
        seen = self._counted(pick(weights, self._numbers), values, hot)
        found = [seen[:, : len(self._numbers)]]
        found += [tf.cast(tf.argmax(h, -1), tf.float32) for h in hot]
        order = ordered([self._numbers, *groups])
        return tf.gather(tf.concat(found, axis=-1), order, axis=-1)

    def _split(self, outputs):
        """Of numbers weights and values of components; logits of codes."""
        numbers = len(self._numbers)
        shapes = [(numbers, COMPONENTS)] * 2
        shapes += [(len(p), n) for n, p in self._groups.items()]
        parts = tf.split(outputs, [a * b for a, b in shapes], axis=-1)
        rows = tf.shape(outputs)[0]
        weights, values, *codes = (
            tf.reshape(part, (rows, *shape))
            for part, shape in zip(parts, shapes, strict=True)
        )
        return weights, values, codes

    def _flat(self, codes, like):
        rows = tf.shape(like)[0]
        none = tf.zeros((rows, 0))
        flat = [tf.reshape(c, (rows, c.shape[1] * c.shape[2])) for c in codes]
        return tf.concat([none, *flat], axis=-1)

    def _counted(self, chosen, values, hot):
        """What the discriminator sees, 0 for numbers that do not count."""
        numbers = tf.reduce_sum(chosen * (values + CENTRES), axis=-1)
        codes = self._flat(hot, numbers)
        padded = tf.concat([codes, tf.ones_like(numbers[:, :1])], axis=-1)
        counts = tf.gather(padded, self._counts, axis=-1)
        return tf.concat([numbers * counts, codes], axis=-1)


def _straight_through(noisy):
    soft = tf.nn.softmax(noisy / TEMPERATURE)
    hard = tf.one_hot(tf.argmax(noisy, axis=-1), noisy.shape[-1])
    return soft + tf.stop_gradient(hard - soft)


def _inside(uniform):
    return tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
