"""Gaussians of full covariance as the components of a mixture, fast."""

import functools
import math
import typing

import tensorflow as tf

from tfgen.probability import tfd

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


def full_gaussians(means: tf.Tensor, factors: tf.Tensor) -> "Distribution":
    """A batch of Gaussians, of which a mixture asks all for each value.

    TensorFlow Probability solves a triangular system for each value and
    component by itself; here each factor is inverted once, and all values are
    multiplied with it at a time, which takes a tenth of the time and less.

    Args:
        means: `(components, dim)`.
        factors: lower Cholesky factors `(components, dim, dim)`.

    Example:
    >>> two = full_gaussians(tf.zeros((2, 3)), tf.eye(3, batch_shape=[2]))
    >>> two.log_prob(tf.zeros((5, 1, 3))).shape
    TensorShape([5, 2])
    """
    return _distribution()(means, factors)


@functools.cache
def _distribution():
    """Made on first use, as TensorFlow Probability is imported then."""

    class FullGaussians(tfd.MultivariateNormalTriL):
        def _log_prob(self, x):
            if x.shape[-2] != 1:
                return super()._log_prob(x)
            return _log_prob_of_each(x, self.loc, self.scale.to_dense())

    return FullGaussians


def _log_prob_of_each(x, means, factors):
    """Of `(..., 1, dim)` by each component: `(..., components)`."""
    count, dim = means.shape
    one = tf.eye(dim, batch_shape=[count], dtype=factors.dtype)
    inverse = tf.linalg.triangular_solve(factors, one)
    apart = tf.reshape(x, (1, -1, dim)) - means[:, None]
    white = tf.matmul(apart, inverse, transpose_b=True)
    volume = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factors)), axis=-1)
    constant = volume + 0.5 * dim * math.log(2 * math.pi)
    squares = tf.reduce_sum(tf.square(white), axis=-1)
    found = -0.5 * squares - constant[:, None]
    shape = tf.concat([tf.shape(x)[:-2], [count]], axis=0)
    return tf.reshape(tf.transpose(found), shape)
