"""What a GAN's generator gives of the rows of a mixed table."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import ordered
from tfgen.models.seen_rows import SeenRows, inside
from tfgen.probability.level_likelihoods import choose

COMPONENTS = 5
"""Values of which a number is one, as it has modes of its own in CTGAN."""
CENTRES = np.linspace(-1.5, 1.5, COMPONENTS, dtype=np.float32)
"""What is added to them: outputs near 0 are spread over the data."""


class GeneratedRows(SeenRows):
    """Rows of a mixed table by a generator's outputs.

    It gives logits of codes, and for each real number values with logits, by
    which one is drawn: far modes need no steep network.

    Args:
        columns: see `tfgen.data.table_parts.TableParts`.

    Attributes:
        outputs: what the generator gives.
    """

    def __init__(self, columns: Sequence[int | str]):
        super().__init__(columns)
        self.outputs = 2 * COMPONENTS * len(self.numbers) + self.codes

    def log_probs(self, outputs: tf.Tensor) -> tf.Tensor:
        """Logarithms of the codes' probabilities, `(rows, codes)`.

        Args:
            outputs: of the generator, `(rows, outputs)`.
        """
        *_, codes = self._parts_of(outputs)
        return self.flat(map(tf.nn.log_softmax, codes), outputs)

    def drawn(self, outputs: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Draws as the discriminator sees them, see `relaxed`.

        Args:
            outputs: of the generator, `(rows, outputs)`.
            uniform: as many, in [0, 1); those in the values' places idle.
        """
        idle = COMPONENTS * len(self.numbers)
        used = tf.concat([uniform[:, :idle], uniform[:, 2 * idle :]], axis=-1)
        return self.relaxed(*self._parts_of(outputs), used)

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
            own = tf.gather(inside(uniform), places, axis=-1)[..., None]
            return choose(tf.nn.softmax(logits), own)[0]

        weights, values, codes = self._parts_of(outputs)
        groups = self.groups.values()
        hot = [pick(c, p) for c, p in zip(codes, groups, strict=True)]
        seen = self.counted(pick(weights, self.numbers), values, hot)
        found = [seen[:, : len(self.numbers)]]
        found += [tf.cast(tf.argmax(h, -1), tf.float32) for h in hot]
        order = ordered([self.numbers, *groups])
        return tf.gather(tf.concat(found, axis=-1), order, axis=-1)

    def _parts_of(self, outputs):
        """Of numbers weights and values of components; logits of codes."""
        weights, values, *codes = self.split(outputs, COMPONENTS, COMPONENTS)
        return weights, values + CENTRES, codes
