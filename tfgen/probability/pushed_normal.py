"""Distributions by functions: noise that was pushed, densities bounded.

Imports TensorFlow Probability: to be imported on first use only.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.probability import tfd
from tfgen.probability.latents import standard_normal
from tfgen.training import random

PAIRS = 64
"""Of draws for the moments, noise and its opposite; more with many latents."""


class ByFunctions(tfd.Distribution):
    """Distribution whose density and draws are functions.

    Args:
        log_prob: from `(..., latent_dim)` to `(...)`, for any leading
            dimensions that end in the batch.
        from_noise: from standard normal noise `(..., noise_dim)` to a draw,
            `(..., latent_dim)`.
        noise_dim: length of the noise of a draw.
        latent_dim: length of an event.
        rows: static shape of the batch, `()` or `(rows,)`.
        dynamic_rows: the same as a tensor.
    """

    def __init__(
        self,
        log_prob: Callable,
        from_noise: Callable,
        noise_dim: int,
        latent_dim: int,
        rows: tf.TensorShape,
        dynamic_rows: tf.Tensor,
    ):
        parameters = dict(locals())
        self._log_density, self._from_noise = log_prob, from_noise
        self._noise_dim, self._latent_dim = noise_dim, latent_dim
        self._rows, self._dynamic_rows = rows, dynamic_rows
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name="ByFunctions",
        )

    def _batch_shape(self):
        return self._rows

    def _batch_shape_tensor(self):
        return self._dynamic_rows

    def _event_shape(self):
        return tf.TensorShape([self._latent_dim])

    def _event_shape_tensor(self):
        return tf.constant([self._latent_dim])

    def _log_prob(self, value):
        return self._log_density(value)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self._dynamic_rows], axis=0)
        noise = standard_normal(self._noise_dim).sample(shape, seed)
        return self._from_noise(noise)


class PushedNormal(ByFunctions):
    """Distribution of `from_noise(noise)` for standard normal noise.

    `tfd.TransformedDistribution` asks its bijector for noise and for the
    log-determinant in two calls, each of which would run all networks.

    Args:
        to_noise: from `(..., latent_dim)` to noise, as long, and to the
            log-determinant `(...)`, for any leading dimensions that end in
            the batch.
        from_noise: the inverse, from noise to `(..., latent_dim)`.
        latent_dim: length of an event.
        rows: static shape of the batch, `()` or `(rows,)`.
        dynamic_rows: the same as a tensor.
    """

    def __init__(
        self,
        to_noise: Callable,
        from_noise: Callable,
        latent_dim: int,
        rows: tf.TensorShape,
        dynamic_rows: tf.Tensor,
    ):
        def log_prob(value):
            noise, log_determinant = to_noise(value)
            return standard_normal(latent_dim).log_prob(noise) + log_determinant

        super().__init__(
            log_prob, from_noise, latent_dim, latent_dim, rows, dynamic_rows
        )


class MeasuredPushedNormal(PushedNormal):
    """One whose draws know their densities, and which has moments.

    Args:
        to_noise: as of `PushedNormal`.
        from_noise: the inverse, with the log-determinant `(...)` of its own
            Jacobian beside the values.
        latent_dim: length of an event.
        rows: static shape of the batch.
        dynamic_rows: the same as a tensor.
    """

    def __init__(
        self,
        to_noise: Callable,
        from_noise: Callable,
        latent_dim: int,
        rows: tf.TensorShape,
        dynamic_rows: tf.Tensor,
    ):
        self._draw = from_noise
        super().__init__(
            to_noise,
            lambda noise: from_noise(noise)[0],
            latent_dim,
            rows,
            dynamic_rows,
        )

    def draw(self, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Values of noise `(..., latent_dim)`, and their log-densities."""
        values, log_determinant = self._draw(noise)
        under_normal = standard_normal(self._latent_dim).log_prob(noise)
        return values, under_normal - log_determinant

    def _mean(self):
        return tf.reduce_mean(self._fixed_draws(), axis=0)

    def _stddev(self):
        return tf.math.reduce_std(self._fixed_draws(), axis=0)

    def _fixed_draws(self):
        """`(draws, *batch, latent_dim)`, of noise that is a constant."""
        noise = _balanced_noise(self._latent_dim)
        shape = [len(noise)] + [1] * len(self._rows) + [self._latent_dim]
        return self._from_noise(tf.reshape(tf.constant(noise), shape))


def _balanced_noise(latent_dim):
    """Of mean 0 and covariance 1, so that moments of Gaussians are exact."""
    pairs = max(PAIRS, 2 * latent_dim)
    with tf.init_scope():
        stream = random.stream(0, "moments")
        noise = random.normal_rows(stream, 0, pairs, (latent_dim,)).numpy()
    noise = np.float32(pairs**0.5 * np.linalg.qr(np.float64(noise))[0])
    return np.concatenate([noise, -noise])
