"""Priors p(z)."""

import tensorflow as tf
import tensorflow_probability as tfp


def standard_normal(latent_dim: int):
    """Independent standard normal values: `tfd.Independent` over latent_dim."""
    normal = tfp.distributions.Normal(tf.zeros(latent_dim), tf.ones(latent_dim))
    return tfp.distributions.Independent(normal, 1)
