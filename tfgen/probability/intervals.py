"""Standard normal numbers between two ends: how likely, and drawn."""

import math

import tensorflow as tf

from tfgen.probability import tfd

_NARROW = 1e-2
_FARTHEST = 1e4


def log_mass(low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """`log(Phi(high) - Phi(low))`, also where both lie in one tail.

    A narrow interval has the density in its middle times its width: the
    difference would have few digits. Within .01 the error is below 1e-5 of the
    mass for ends within 1, and 1% at 50.

    Args:
        low: any numbers, infinite ones too.
        high: not below them; where equal the result is -inf or so.
    """
    low, high = _mirrored(low, high)[:2]
    width = high - low
    is_narrow = width < _NARROW
    middle = (low + high) / 2.0
    density = -tf.square(middle) / 2.0 - math.log(2.0 * math.pi) / 2.0
    narrow = density + tf.math.log(tf.maximum(width, 1e-30))
    # Both sides of tf.where are finite, so that no gradient becomes NaN.
    low = tf.where(is_narrow, high - 1.0, low)
    log_cdf = tfd.Normal(0.0, 1.0).log_cdf
    below = log_cdf(high)
    less = tf.minimum(log_cdf(low) - below, -1e-6)
    wide = below + tf.math.log(-tf.math.expm1(less))
    return tf.where(is_narrow, narrow, wide)


def normal_between(
    uniform: tf.Tensor, low: tf.Tensor, high: tf.Tensor
) -> tf.Tensor:
    """Standard normal numbers given that they lie between two ends.

    Args:
        uniform: in (0, 1): which quantile.
        low: any numbers, infinite ones too.
        high: not below them.
    """
    start, end, is_mirrored = _mirrored(low, high)
    share = tf.where(is_mirrored, 1.0 - uniform, uniform)
    start, end, share = (tf.cast(v, tf.float64) for v in (start, end, share))
    below, above = _cdf(start), _cdf(end)
    found = tf.math.ndtri(below + share * (above - below))
    # In a far tail, where no digits are left, the end nearer to 0.
    found = tf.where(tf.math.is_finite(found), found, end)
    found = tf.cast(tf.clip_by_value(found, start, end), tf.float32)
    return tf.where(is_mirrored, -found, found)


def _mirrored(low, high):
    """The same interval or, of the upper tail, its image in the lower one."""
    low = tf.clip_by_value(low, -_FARTHEST, _FARTHEST)
    high = tf.clip_by_value(high, -_FARTHEST, _FARTHEST)
    is_upper = low + high > 0.0
    return (
        tf.where(is_upper, -high, low),
        tf.where(is_upper, -low, high),
        is_upper,
    )


def _cdf(x):
    return 0.5 * tf.math.erfc(-x / math.sqrt(2.0))
