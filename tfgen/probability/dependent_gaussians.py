"""Gaussians whose values depend on each other, for tables."""

import math
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.probability.likelihood import Likelihood

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

COVARIANCES = ("shared", "per_example")
LARGEST = 1e8
"""Of a factor's values, in scales, and of a column's weights in another."""


class _DependentGaussian(Likelihood):
    """Abstract: rows of a table around a mean that the decoder gives.

    A subclass gives `distribution`, a `_Normal`, and keeps `min_scale` and
    `initial_scale`.
    """

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(data_shape) != 1:
            raise ValueError(
                f"{type(self).__name__} is of the columns of a table, got "
                f"data of shape {tuple(data_shape)}: take the likelihood "
                "'gaussian', or 'logistic_mixture' for 8-bit images."
            )
        return super().decoder_shape(data_shape)

    def log_prob_of_values(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        """Of each column given all others, in nats; see `Likelihood`."""
        distribution = self.distribution(tf.cast(parameters, tf.float32))
        return distribution.conditional_log_prob(tf.cast(x, tf.float32))

    def sample(self, parameters: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """One draw: independent normal values, which a factor mixes."""
        normal = tf.math.ndtri(tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7))
        distribution = self.distribution(tf.cast(parameters, tf.float32))
        return distribution.from_normal(normal)

    def _positive(self, raw):
        """Scales above the floor, `initial_scale` where raw is 0."""
        start = math.log(math.expm1(self.initial_scale - self.min_scale))
        return self.min_scale + tf.math.softplus(raw + start)


@keras.saving.register_keras_serializable(package="tfgen")
class FullGaussian(_DependentGaussian):
    """Rows of a table whose columns depend on each other in any way.

    Formula: `-|n|^2 / 2 - sum(log(scale)) - columns log(2 pi) / 2`, where
    `n_i = (d_i - sum_{j<i}(weight_ij d_j)) / scale_i`, `d = x - mean`.

    That is the Cholesky factor `(I - weight)^-1 diag(scale)` of the
    covariance, told by its inverse: each column is regressed on those before
    it, and `scale` is what is left. So no system of equations is solved for a
    density, and the floor of the scales bounds it: at equal rows, at constant
    columns and at columns that others determine.

    Args:
        covariance: `"shared"`: one for all rows, trained beside the networks,
            `columns (columns + 1) / 2` numbers; the decoder gives the mean.
            `"per_example"`: the decoder gives as many more numbers for each
            row, for tables of a few columns.
        min_scale: floor of the scales, in the data's units.
        initial_scale: where scales start; see `Gaussian`.

    Raises:
        ValueError: for another covariance.

    Reference:
        Pourahmadi (1999), "Joint mean-covariance models with applications to
        longitudinal data: unconstrained parameterisation".

    Example:
    >>> vae = tfgen.build("vae", input_shape=(5,), likelihood="full_gaussian")
    >>> vae.likelihood.mean(np.zeros((3, 5))).shape
    TensorShape([3, 5])
    >>> vae.sample(4, seed=0).shape
    (4, 5)
    """

    def __init__(
        self,
        covariance: str = "shared",
        min_scale: float = 1e-3,
        initial_scale: float = 0.7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if covariance not in COVARIANCES:
            raise ValueError(
                f"FullGaussian covariance is {covariance!r}, expected one of "
                f"{', '.join(COVARIANCES)}."
            )
        self.covariance = covariance
        self.min_scale = min_scale
        self.initial_scale = initial_scale
        self._columns = None

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        (columns,) = super().decoder_shape(data_shape)
        if self.covariance == "shared":
            return (columns,)
        return (columns + columns * (columns + 1) // 2,)

    def set_shape(self, data_shape: tuple[int, ...]) -> None:
        (size,) = data_shape
        if self._columns not in (None, size):
            raise ValueError(
                f"this FullGaussian is of the {self._columns} columns of "
                f"another model, got {size}: make one for each model."
            )
        self._columns = size
        if self.covariance == "shared" and not self.built:
            self.raw_scale = self.add_weight(
                shape=(size,), initializer="zeros", name="raw_scale"
            )
            self.below = self.add_weight(
                shape=(size * (size - 1) // 2,),
                initializer="zeros",
                name="below",
            )
            self.built = True

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        size = self._columns
        if size is None:
            raise ValueError(
                "this FullGaussian knows no columns yet: build a model with "
                "it, or call set_shape((columns,))."
            )
        if self.covariance == "shared":
            mean = parameters
            raw = tf.convert_to_tensor(self.raw_scale)
            below = tf.convert_to_tensor(self.below)
        else:
            sizes = (size, size, size * (size - 1) // 2)
            mean, raw, below = tf.split(parameters, sizes, axis=-1)
            # Beyond, sums of what overflows would be no numbers.
            below = tf.clip_by_value(below, -LARGEST, LARGEST)
        weights = _strictly_lower(below, size)
        return _Normal(mean, _Regressions(weights, self._positive(raw)))


@keras.saving.register_keras_serializable(package="tfgen")
class LowRankGaussian(_DependentGaussian):
    """Rows of a table whose columns depend on each other by a few factors.

    The covariance is `diag(scale^2) + U U^T`; the decoder gives the mean, the
    scales and the `rank` columns of U for each row, `(rank + 2) columns`
    numbers, so that it suits wide tables too.

    Args:
        rank: columns of U.
        min_scale: floor of the scales, in the data's units, which bounds the
            density.
        initial_scale: where scales start; see `Gaussian`.

    Raises:
        ValueError: for a rank below 1.

    Example:
    >>> likelihood = tfgen.probability.LowRankGaussian(
    ...     rank=1, min_scale=0.0, initial_scale=1.0)
    >>> parameters = np.float32([[0, 0, 0, 0, 1, 1]])  # mean, scale, U
    >>> x = np.float32([[0, 0]])  # covariance [[2, 1], [1, 2]]
    >>> likelihood.log_prob(x, parameters).numpy().round(4)
    array([-2.3872], dtype=float32)
    """

    def __init__(
        self,
        rank: int = 4,
        min_scale: float = 1e-3,
        initial_scale: float = 0.7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if rank < 1:
            raise ValueError(
                f"LowRankGaussian rank is {rank!r}, expected 1, 2, 3, ..."
            )
        self.rank = rank
        self.min_scale = min_scale
        self.initial_scale = initial_scale
        self.parameters_per_value = rank + 2

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        mean, raw, *columns = tf.split(parameters, self.rank + 2, axis=-1)
        return _Normal(mean, _Updates(self._positive(raw), columns))


class _Normal:
    """`mean + factor n`, n of independent standard normal values."""

    def __init__(self, mean, factor):
        self._mean, self._factor = mean, factor

    def log_prob(self, x):
        normal = self._factor.whiten(x - self._mean)
        constant = normal.shape[-1] * math.log(2.0 * math.pi) / 2.0
        squares = tf.reduce_sum(tf.square(normal), axis=-1)
        return -squares / 2.0 - self._factor.log_determinant - constant

    def conditional_log_prob(self, x):
        """Of each value given all others, in the shape of x.

        With the precision P = W'W, W the inverse of the factor, the value i
        has the variance 1 / P_ii and lies (P d)_i / P_ii off its mean.
        """
        normal = self._factor.whiten(x - self._mean)

        def of_value(unit):  # a column at a time, which bounds the memory
            column = self._factor.whiten(unit[None])
            precision = tf.reduce_sum(tf.square(column), axis=-1)
            slope = tf.reduce_sum(column * normal, axis=-1)
            constant = tf.math.log(precision / (2.0 * math.pi)) / 2.0
            return constant - tf.square(slope) / (2.0 * precision)

        each = tf.map_fn(of_value, tf.eye(x.shape[-1]))
        return tf.transpose(each)

    def mean(self):
        return self._mean

    def from_normal(self, normal):
        return self._mean + self._factor.color(normal)


class _Regressions:
    """The factor `(I - weights)^-1 diag(scale)`, weights below the diagonal.

    Args:
        weights: `(..., size, size)`, or `(size, size)` for all rows.
        scale: `(..., size)`.
    """

    def __init__(self, weights, scale):
        self._weights, self._scale = weights, scale
        self.log_determinant = tf.reduce_sum(tf.math.log(scale), axis=-1)

    def whiten(self, x):
        """The inverse times x."""
        if len(self._weights.shape) == 2:
            # One plain product for all rows: TensorFlow 2.21's product of
            # batches of which one is broadcast can end the process on some
            # processors, where rows are vectorized.
            rows = tf.reshape(x, (-1, x.shape[-1]))
            told = tf.matmul(rows, self._weights, transpose_b=True)
            told = tf.reshape(told, tf.shape(x))
        else:
            told = tf.linalg.matvec(self._weights, x)
        return (x - told) / self._scale

    def color(self, normal):
        """The factor times independent values."""
        identity = tf.eye(self._weights.shape[-1])
        scaled = (self._scale * normal)[..., None]
        return tf.linalg.triangular_solve(identity - self._weights, scaled)[
            ..., 0
        ]


class _Updates:
    """A factor of `diag(scale^2) + sum_k(u_k u_k^T)`, by one u after another.

    With B a factor of what came before and `a = B^-1 u`, another is
    `B (I + c a a^T)`, `c = 1 / (1 + sqrt(1 + |a|^2))`. Unlike Woodbury's
    formula, which takes the difference of two squares, it keeps its digits in
    float32 where u is many times the scale, and it needs no decomposition of
    matrices, which other runtimes lack.

    Args:
        scale: `(..., size)`.
        columns: the u, each `(..., size)`.
    """

    def __init__(self, scale, columns):
        self._scale, self._steps = scale, []
        self.log_determinant = tf.reduce_sum(tf.math.log(scale), axis=-1)
        for column in columns:
            # Far from the data decoders may give anything: the density of an
            # example there is 0, and not infinity divided by itself.
            a = tf.clip_by_value(self.whiten(column), -LARGEST, LARGEST)
            root = tf.sqrt(1.0 + _dot(a, a))
            self._steps.append((a, root))
            self.log_determinant += tf.math.log(root)[..., 0]

    def whiten(self, x):
        """The inverse times x."""
        x = x / self._scale
        for a, root in self._steps:
            x -= a * (_dot(a, x) / (root * (1.0 + root)))
        return x

    def color(self, normal):
        """The factor times independent values."""
        for a, root in reversed(self._steps):
            normal += a * (_dot(a, normal) / (1.0 + root))
        return normal * self._scale


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=-1, keepdims=True)


def _strictly_lower(below, size):
    """Matrices `(..., size, size)` of the numbers below their diagonal."""
    places = np.full((size, size), size * (size - 1) // 2)
    places[np.tril_indices(size, -1)] = np.arange(size * (size - 1) // 2)
    # All others are the zero behind the last number. Of one column there is
    # no number, but a zero.
    ends = [[0, 0]] * (below.shape.rank - 1) + [[0, 1]]
    padded = tf.pad(below, ends)
    return tf.gather(padded, places, axis=-1)
