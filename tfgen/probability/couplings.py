"""Couplings of flows: one half of a latent changed, given the other half."""

import math

import keras
import numpy as np
import tensorflow as tf

INTERVAL = 5.0
"""Splines bend within +-5 and are the identity outside."""
LEAST_BIN = 1e-3
"""Of the interval, the width and the height of a bin."""
LEAST_SLOPE = 1e-3
LOG_SCALE_LIMIT = 2.0
# Squared slopes, above what rounding leaves of a slope that is nearly 0.
LEAST_DISCRIMINANT = 1e-12


class Coupling(keras.layers.Layer):
    """Abstract: changes values one by one, by what a network says of others.

    The network's last layer starts at 0, and parameters of 0 are the
    identity. A subclass gives `parameters`, `to_noise` and `from_noise`.

    Args:
        seen: length of what the network sees; may be 0.
        changed: number of values that change.
        units: of the network's hidden layers.
    """

    def __init__(
        self, seen: int, changed: int, units: tuple[int, ...], **kwargs
    ):
        super().__init__(dtype="float32", **kwargs)
        self._seen, self._changed = seen, changed
        sizes = [max(seen, 1), *units]
        self._hidden = [
            keras.layers.Dense(size, activation="silu", dtype="float32")
            for size in units
        ]
        self._last = keras.layers.Dense(
            changed * self.parameters,
            kernel_initializer="zeros",
            dtype="float32",
        )
        for size, layer in zip(sizes, self._layers_in_order(), strict=True):
            layer.build((None, size))
        self.built = True

    @property
    def parameters(self) -> int:
        """Numbers that tell how one value changes."""
        raise NotImplementedError(type(self).__name__)

    def to_noise(
        self, values: tf.Tensor, seen: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The way of training, and the log-determinant of its Jacobian.

        Args:
            values: float32 `(rows, changed)`.
            seen: float32 `(rows, seen)`.

        Returns:
            float32 `(rows, changed)` and `(rows,)`.
        """
        raise NotImplementedError(type(self).__name__)

    def from_noise(self, values: tf.Tensor, seen: tf.Tensor) -> tf.Tensor:
        """The inverse of `to_noise`, `(rows, changed)`, in one pass too."""
        raise NotImplementedError(type(self).__name__)

    def _raw(self, seen):
        """`(rows, changed, parameters)`."""
        # A network that sees nothing takes ones, which add to its biases.
        outputs = seen if self._seen else tf.ones((tf.shape(seen)[0], 1))
        for layer in self._layers_in_order():
            outputs = layer(outputs)
        return tf.reshape(outputs, (-1, self._changed, self.parameters))

    def _layers_in_order(self):
        return [*self._hidden, self._last]


class AffineCoupling(Coupling):
    """Moves and stretches values, by at most `exp(+-2)`.

    Reference:
        Dinh et al. (2017), "Density estimation using Real NVP", section 3.2.
    """

    parameters = 2

    def to_noise(self, values, seen):
        shift, log_scale = self._shift_and_log_scale(seen)
        return (
            values * tf.exp(log_scale) + shift,
            tf.reduce_sum(log_scale, axis=-1),
        )

    def from_noise(self, values, seen):
        shift, log_scale = self._shift_and_log_scale(seen)
        return (values - shift) * tf.exp(-log_scale)

    def _shift_and_log_scale(self, seen):
        shift, log_scale = tf.unstack(self._raw(seen), axis=-1)
        bounded = LOG_SCALE_LIMIT * tf.tanh(log_scale / LOG_SCALE_LIMIT)
        return shift, bounded


class SplineCoupling(Coupling):
    """Bends values by monotone rational-quadratic splines.

    TensorFlow Probability's `RationalQuadraticSpline` gives the same values.
    It finds the bins once for the value and again for the log-determinant,
    and has no gradient at knots nor, one way, far outside the interval.

    Args:
        seen: as of `Coupling`.
        changed: as of `Coupling`.
        units: as of `Coupling`.
        bins: pieces of each spline.

    Reference:
        Durkan et al. (2019), "Neural spline flows", section 3.1 and
        appendix A.
    """

    def __init__(
        self,
        seen: int,
        changed: int,
        units: tuple[int, ...],
        bins: int,
        **kwargs,
    ):
        self._bins = bins
        super().__init__(seen, changed, units, **kwargs)

    @property
    def parameters(self) -> int:
        return 3 * self._bins - 1

    def to_noise(self, values, seen):
        inside, x = _inside(values)
        piece = self._piece(x, seen, of_noise=False)
        y, log_slope = piece.value((x - piece.left) / piece.width)
        log_slope = tf.where(inside, log_slope, 0.0)
        return tf.where(inside, y, values), tf.reduce_sum(log_slope, axis=-1)

    def from_noise(self, values, seen):
        inside, y = _inside(values)
        piece = self._piece(y, seen, of_noise=True)
        share = piece.share((y - piece.bottom) / piece.height)
        return tf.where(inside, piece.left + share * piece.width, values)

    def _piece(self, values, seen, of_noise):
        """That of each value; its place is told by y of noise, else by x."""
        # Bins come first and all values last: sums over bins are then sums of
        # long rows, several times as fast.
        raw = tf.transpose(tf.reshape(self._raw(seen), (-1, self.parameters)))
        sizes, slopes = tf.split(raw, [2 * self._bins, self._bins - 1])
        sizes, starts = _bins_of(tf.reshape(sizes, (2, self._bins, -1)))
        start = math.log(math.expm1(1.0 - LEAST_SLOPE))
        slopes = LEAST_SLOPE + tf.nn.softplus(slopes + start)
        one = tf.ones_like(slopes[:1])  # as outside of the interval
        slopes = [
            tf.concat([one, slopes], axis=0),
            tf.concat([slopes, one], axis=0),
        ]
        holds = _which_bin(tf.reshape(values, (1, -1)), starts[int(of_noise)])
        bins = tf.concat([starts, sizes, slopes], axis=0)
        # A sum in the place of `tf.gather`, whose gradient is slow.
        found = tf.reduce_sum(holds * bins, axis=1)
        shape = tf.concat([[6], tf.shape(values)], axis=0)
        return _Piece(*tf.unstack(tf.reshape(found, shape)))


class _Piece:
    """The rational quadratic of the bin that holds each value.

    Attributes:
        left, bottom, width, height: of the bin, as the values.
    """

    def __init__(self, left, bottom, width, height, start, end):
        self.left, self.bottom = left, bottom
        self.width, self.height = width, height
        self._slope = height / width
        self._start, self._end = start, end
        self._bend = start + end - 2.0 * self._slope

    def value(self, share):
        """Equations 19 and 22: y, and its logarithmic slope."""
        rest = 1.0 - share
        below = self._slope + self._bend * share * rest
        above = self._slope * share**2 + self._start * share * rest
        slope = (
            self._end * share**2
            + 2.0 * self._slope * share * rest
            + self._start * rest**2
        )
        log_slope = tf.math.log(slope) + 2.0 * (
            tf.math.log(self._slope) - tf.math.log(below)
        )
        return self.bottom + self.height * above / below, log_slope

    def share(self, risen):
        """Equations 25 to 29: the inverse, where y rose by a share.

        The quadratic's root is written in two ways, neither of which takes
        the difference of two numbers that are nearly equal.
        """
        a = self._slope - self._start + risen * self._bend
        b = self._start - risen * self._bend
        discriminant = b**2 + 4.0 * a * self._slope * risen
        # Positive but for rounding.
        root = tf.sqrt(tf.maximum(discriminant, LEAST_DISCRIMINANT))
        return tf.where(
            b < 0.0,
            (root - b) / (2.0 * tf.maximum(a, LEAST_SLOPE)),  # a > slope
            2.0 * self._slope * risen / (tf.abs(b) + root),
        )


def _bins_of(raw):
    """Sizes by softmax and where bins start, from -5 on, along axis 1.

    Args:
        raw: `(2, bins, values)`, of x and y.
    """
    bins = raw.shape[1]
    shares = tf.exp(raw - tf.reduce_max(raw, axis=1, keepdims=True))
    shares /= tf.reduce_sum(shares, axis=1, keepdims=True)
    sizes = LEAST_BIN + (1.0 - bins * LEAST_BIN) * shares
    sizes *= 2.0 * INTERVAL
    before = np.tri(bins, bins, -1, dtype=np.float32)  # a running sum
    return sizes, tf.matmul(np.stack([before, before]), sizes) - INTERVAL


def _which_bin(values, starts):
    """1 for the bin that holds a value and 0 for others, `(bins, values)`."""
    passed = tf.cast(values >= starts[1:], tf.float32)
    one = tf.ones_like(passed[:1])
    return tf.concat([one, passed], 0) - tf.concat([passed, 0.0 * one], 0)


def _inside(values):
    """Which values the splines bend, and 0 in the place of others.

    Else infinite gradients of what is not chosen would come out as NaN.
    """
    inside = tf.abs(values) < INTERVAL
    return inside, tf.where(inside, values, 0.0)
