"""Couplings of flows: one half of a latent changed, given the other half."""

import math

import keras
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
        x_knots, y_knots, slopes = self._knots(seen)
        inside, x = _inside(values)
        piece = _Piece(x, x_knots, x_knots, y_knots, slopes)
        y, log_slope = piece.value((x - piece.left) / piece.width)
        log_slope = tf.where(inside, log_slope, 0.0)
        return tf.where(inside, y, values), tf.reduce_sum(log_slope, axis=-1)

    def from_noise(self, values, seen):
        x_knots, y_knots, slopes = self._knots(seen)
        inside, y = _inside(values)
        piece = _Piece(y, y_knots, x_knots, y_knots, slopes)
        share = piece.share((y - piece.bottom) / piece.height)
        return tf.where(inside, piece.left + share * piece.width, values)

    def _knots(self, seen):
        """Positions `(rows, changed, bins + 1)` of x and y, and slopes."""
        widths, heights, slopes = tf.split(
            self._raw(seen), [self._bins, self._bins, self._bins - 1], axis=-1
        )
        start = math.log(math.expm1(1.0 - LEAST_SLOPE))
        slopes = LEAST_SLOPE + tf.nn.softplus(slopes + start)
        ends = [[0, 0], [0, 0], [1, 1]]
        slopes = tf.pad(slopes, ends, constant_values=1.0)
        return _positions(widths), _positions(heights), slopes


class _Piece:
    """The rational quadratic of the bin that holds each value.

    Attributes:
        left, width, bottom, height: of the bin, as the values.
    """

    def __init__(self, values, knots, x_knots, y_knots, slopes):
        passed = values[..., None] >= knots[..., 1:-1]
        number = tf.reduce_sum(tf.cast(passed, tf.int32), axis=-1)
        # Sums in the place of `tf.gather`, whose gradient is slow.
        chosen = tf.one_hot(number, knots.shape[-1] - 1)

        def of(each):
            return tf.reduce_sum(chosen * each, axis=-1)

        self.left, self.bottom = of(x_knots[..., :-1]), of(y_knots[..., :-1])
        self.width = of(x_knots[..., 1:] - x_knots[..., :-1])
        self.height = of(y_knots[..., 1:] - y_knots[..., :-1])
        self._slope = self.height / self.width
        self._start, self._end = of(slopes[..., :-1]), of(slopes[..., 1:])
        self._bend = self._start + self._end - 2.0 * self._slope

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


def _positions(raw):
    """Knots of bins whose sizes are the softmax, from -5 to 5."""
    bins = raw.shape[-1]
    sizes = LEAST_BIN + (1.0 - bins * LEAST_BIN) * tf.nn.softmax(raw)
    knots = 2.0 * INTERVAL * tf.cumsum(sizes[..., :-1], axis=-1) - INTERVAL
    knots = tf.pad(knots, [[0, 0], [0, 0], [1, 0]], constant_values=-INTERVAL)
    return tf.pad(knots, [[0, 0], [0, 0], [0, 1]], constant_values=INTERVAL)


def _inside(values):
    """Which values the splines bend, and 0 in the place of others.

    Else infinite gradients of what is not chosen would come out as NaN.
    """
    inside = tf.abs(values) < INTERVAL
    return inside, tf.where(inside, values, 0.0)
