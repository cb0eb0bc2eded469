"""Approximate posteriors q(z|x)."""

import tensorflow as tf
import tensorflow_probability as tfp

LOG_VARIANCE_LIMIT = 20.0


def diagonal_gaussian(parameters):
    """Gaussian with diagonal covariance from an encoder's output.

    Args:
        parameters: `(batch, 2 * latent_dim)`, mean and log variance side by
            side, or a pair of `(batch, latent_dim)` tensors. Log variances
            are kept within +-20.

    Returns:
        `tfd.Independent` over `latent_dim` values.

    Reference:
        Kingma and Welling (2014), "Auto-encoding variational Bayes",
        appendix B.
    """
    if isinstance(parameters, (list, tuple)):
        mean, log_variance = parameters
    else:
        mean, log_variance = tf.split(parameters, 2, axis=-1)
    log_variance = tf.clip_by_value(
        tf.cast(log_variance, tf.float32),
        -LOG_VARIANCE_LIMIT,
        LOG_VARIANCE_LIMIT,
    )
    mean = tf.cast(mean, tf.float32)
    return independent_normal(mean, tf.exp(0.5 * log_variance))


def independent_normal(mean, stddev):
    """Gaussian with diagonal covariance over the last axis.

    Args:
        mean: `(..., latent_dim)`, of any precision.
        stddev: as the mean.

    Returns:
        `tfd.Independent` over `latent_dim` values.
    """
    normal = tfp.distributions.Normal(mean, stddev)
    return tfp.distributions.Independent(normal, 1)
