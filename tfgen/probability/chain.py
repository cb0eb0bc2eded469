"""Distributions of several levels, each given those above it.

Imports TensorFlow Probability: to be imported on first use only.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgen.probability import tfd


class Chain(tfd.Distribution):
    """`p(z_1) p(z_2 | z_1) p(z_3 | z_1, z_2) ...`, levels side by side.

    Mean and standard deviation of a level are those given the means above.

    Args:
        first: distribution of z_1.
        following: of each further level, the function from the levels above,
            `(..., sum of their sizes)`, to its distribution.
        sizes: lengths of the levels.
    """

    def __init__(
        self,
        first: tfd.Distribution,
        following: Sequence[Callable],
        sizes: Sequence[int],
    ):
        parameters = dict(locals())
        self._first, self._following = first, list(following)
        self._sizes = list(sizes)
        self._last_draw = None
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name="Chain",
        )

    def levels(
        self, latents: tf.Tensor
    ) -> list[tuple[tfd.Distribution, tf.Tensor]]:
        """Each level's distribution given those above, and its latents."""
        drawn = self._last_draw
        if drawn is not None and drawn[0] is latents:
            return drawn[1]  # their networks have run already
        parts = iter(tf.split(latents, self._sizes, axis=-1))
        return self._walked(lambda level: next(parts))

    def draw(self, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Latents of noise, and their log-densities, of Gaussian levels."""
        parts = iter(tf.split(noise, self._sizes, axis=-1))
        levels = self._walked(
            lambda level: level.mean() + level.stddev() * next(parts)
        )
        latents = _beside([values for _, values in levels])
        self._last_draw = latents, levels
        return latents, _log_prob(levels)

    def _walked(self, values_of):
        """Levels from the top down, with values that a function chooses."""
        levels = [(self._first, values_of(self._first))]
        for make in self._following:
            level = make(_beside([values for _, values in levels]))
            levels.append((level, values_of(level)))
        return levels

    def _log_prob(self, value):
        return _log_prob(self.levels(value))

    def _mean(self):
        return _beside([mean for _, mean in self._at_means()])

    def _stddev(self):
        return _beside([level.stddev() for level, _ in self._at_means()])

    def _at_means(self):
        return self._walked(lambda level: level.mean())

    def _batch_shape(self):
        return self._first.batch_shape

    def _batch_shape_tensor(self):
        return self._first.batch_shape_tensor()

    def _event_shape(self):
        return tf.TensorShape([sum(self._sizes)])

    def _event_shape_tensor(self):
        return tf.constant([sum(self._sizes)])


def _beside(parts):
    return tf.concat(parts, axis=-1)


def _log_prob(levels):
    return tf.add_n([level.log_prob(values) for level, values in levels])
