"""Standard normal noise that was pushed through an invertible function.

Imports TensorFlow Probability: to be imported on first use only.
"""

from collections.abc import Callable

import tensorflow as tf

from tfgen.probability import tfd
from tfgen.probability.latents import standard_normal


class PushedNormal(tfd.Distribution):
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
        parameters = dict(locals())
        self._to_noise, self._from_noise = to_noise, from_noise
        self._latent_dim = latent_dim
        self._rows, self._dynamic_rows = rows, dynamic_rows
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name="PushedNormal",
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
        noise, log_determinant = self._to_noise(value)
        return standard_normal(self._latent_dim).log_prob(noise) + (
            log_determinant
        )

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self._dynamic_rows], axis=0)
        noise = standard_normal(self._latent_dim).sample(shape, seed)
        return self._from_noise(noise)
