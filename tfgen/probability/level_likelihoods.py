"""Likelihoods of values that take a number of levels, such as 8-bit pixels."""

import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.probability.likelihood import Likelihood

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

SMALL = 1e-7


@keras.saving.register_keras_serializable(package="tfgen")
class LogisticMixture(Likelihood):
    """8-bit images; each pixel has a mixture of discretised logistics.

    Formula: `log(sum_k(weight_k prod_c(P(x_c; location_kc, scale_kc))))` of a
    pixel, P as of `DiscretizedLogistic`. The components are those of a whole
    pixel, and in each, green depends on red, blue on red and green:
    `location_c + sum_{j<c}(coefficient_cj (x_j - 1/2))`.

    The decoder gives, for each pixel of `c` channels, `components (1 + 2 c +
    c (c - 1) / 2)` numbers: 3 a component for grey images, 10 for colour.

    Args:
        components: logistics in the mixture of a pixel.
        levels: how many values there are, 256 for 8-bit images. Others are
            rounded to the nearest.
        min_scale: floor of the scales, in grey values.

    Raises:
        ValueError: without a component, or for data that are no images.

    Reference:
        Salimans et al. (2017), "PixelCNN++: Improving the PixelCNN with
        discretized logistic mixture likelihood and other modifications",
        sections 2.1 and 2.2.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 3),
    ...                   likelihood="logistic_mixture")
    >>> vae.decoder.output_shape  # 5 components
    (None, 8, 8, 50)
    """

    data_range = (0.0, 1.0)

    def __init__(
        self,
        components: int = 5,
        levels: int = 256,
        min_scale: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if components < 1:
            raise ValueError(
                f"LogisticMixture components is {components!r}, expected 1, "
                "2, 3, ..."
            )
        self.components = components
        self.levels = levels
        self.min_scale = min_scale

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(data_shape) != 3:
            raise ValueError(
                "LogisticMixture is of images (height, width, channels), got "
                f"data of shape {tuple(data_shape)}: take the likelihood "
                "'gaussian', or 'full_gaussian' for tables."
            )
        *place, channels = data_shape
        return (*place, self.components * _numbers(channels))

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        numbers = parameters.shape[-1] // self.components
        channels = next(c for c in range(1, numbers) if _numbers(c) == numbers)
        logits, *rest = tf.split(parameters, numbers, axis=-1)
        locations, raws = rest[:channels], rest[channels : 2 * channels]
        # Outputs near 0 spread the components over the range.
        top, size = self.levels - 1, self.components
        middles = (np.arange(size, dtype="float32") + 0.5) / size
        return _Mixture(
            logits,
            [top * (middles + location) for location in locations],
            [self.min_scale + tf.math.softplus(r) * top / 8.0 for r in raws],
            iter(rest[2 * channels :]),
            top,
        )


@keras.saving.register_keras_serializable(package="tfgen")
class Categorical(Likelihood):
    """Values of a few levels; the decoder gives a logit for each level.

    Formula: `sum(log(softmax(logits)[level of x]))`. Neither the order of the
    levels nor the distances between them count, so that a value may be in
    several modes.

    Args:
        levels: how many values there are, equally spaced over `data_range`.
            The decoder gives as many numbers for each value. Others are
            rounded to the nearest.
        data_range: `(low, high)`, the first and the last level.

    Raises:
        ValueError: for less than two levels.

    Reference:
        van den Oord et al. (2016), "Pixel recurrent neural networks", section
        3.3.

    Example:
    >>> likelihood = tfgen.probability.Categorical(levels=4)
    >>> x, logits = np.float32([[0.0, 1.0]]), np.zeros((1, 8), "float32")
    >>> likelihood.log_prob(x, logits).numpy()  # -2 log(4)
    array([-2.7725887], dtype=float32)
    """

    def __init__(
        self,
        levels: int = 256,
        data_range: tuple[float, float] = (0.0, 1.0),
        **kwargs,
    ):
        super().__init__(**kwargs)
        if levels < 2:
            raise ValueError(
                f"Categorical levels is {levels!r}, expected 2, 3, 4, ..."
            )
        self.levels = self.parameters_per_value = levels
        self.data_range = tuple(float(value) for value in data_range)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        values = parameters.shape[-1] // self.levels
        shape = tf.concat(
            [tf.shape(parameters)[:-1], (values, self.levels)], axis=0
        )
        return _Levels(tf.reshape(parameters, shape), *self.data_range)

    def check_values(self, x: np.ndarray) -> None:
        low, high = self.data_range
        exact = (np.float64(x) - low) * ((self.levels - 1) / (high - low))
        off = np.abs(exact - np.round(exact)) > 0.01
        if np.any(off):
            raise ValueError(
                f"x has values such as {x[off].flat[0]:g}, expected the "
                f"{self.levels} levels of Categorical from {low:g} to "
                f"{high:g}: build the model with another "
                "tfgen.probability.Categorical(levels=...), or round x."
            )


class _Mixture:
    """Pixels of levels 0 ... top as numbers in [0, 1].

    Args:
        logits: of the components, `(..., components)`.
        locations: one for each channel, `(..., components)`, in levels.
        scales: as the locations.
        coefficients: iterator; red's for green, red's and green's for blue.
        top: the last level.
    """

    def __init__(self, logits, locations, scales, coefficients, top):
        self._log_weights = tf.nn.log_softmax(logits)
        self._scales, self._top = scales, top
        self._locations = locations
        self._coefficients = [
            [next(coefficients) for _ in range(channel)]
            for channel in range(len(locations))
        ]

    def log_prob(self, x):
        """Of each pixel, `(...)`."""
        levels = tf.split(tf.round(x * self._top), len(self._scales), axis=-1)
        each = self._log_weights
        for channel, level in enumerate(levels):
            each += _log_bin(
                level,
                self._location(channel, levels),
                self._scales[channel],
                self._top,
            )
        return tf.reduce_logsumexp(each, axis=-1)

    def mean(self):
        """In each component, the means of red and green stand for them."""
        means = []
        for channel, scale in enumerate(self._scales):
            location = self._location(channel, means)
            # E = integral over [0, top] of P(value > v) dv.
            means.append(
                scale
                * (
                    tf.math.softplus(location / scale)
                    - tf.math.softplus((location - self._top) / scale)
                )
            )
        weights = tf.exp(self._log_weights)
        return self._pixel([tf.reduce_sum(weights * m, -1) for m in means])

    def quantile(self, uniform):
        """Red's number chooses the component, too: what is left is uniform."""
        first, *others = tf.split(uniform, len(self._scales), axis=-1)
        chosen, left = choose(tf.exp(self._log_weights), first)
        levels = []
        for channel, number in enumerate([left, *others]):
            location = _of(chosen, self._location(channel, levels))
            scale = _of(chosen, self._scales[channel])
            value = location + scale * _logit(number)
            level = tf.clip_by_value(tf.round(value), 0.0, float(self._top))
            levels.append(level)
        return self._pixel([level[..., 0] for level in levels])

    def _location(self, channel, levels):
        location = self._locations[channel]
        for coefficient, level in zip(
            self._coefficients[channel], levels, strict=False
        ):
            location += coefficient * (level - self._top / 2.0)
        return location

    def _pixel(self, channels):
        return tf.stack(channels, axis=-1) / self._top


class _Levels:
    """Levels by their logits `(..., levels)`, as numbers from low to high."""

    def __init__(self, logits, low, high):
        self._log_probs, self._low = tf.nn.log_softmax(logits), low
        self._step = (high - low) / (logits.shape[-1] - 1)

    def log_prob(self, x):
        levels = self._log_probs.shape[-1]
        level = tf.round((x - self._low) / self._step)
        level = tf.clip_by_value(tf.cast(level, tf.int32), 0, levels - 1)
        chosen = tf.one_hot(level, levels)
        return tf.reduce_sum(chosen * self._log_probs, axis=-1)

    def mean(self):
        return self._value(tf.exp(self._log_probs))

    def quantile(self, uniform):
        chosen, _ = choose(tf.exp(self._log_probs), uniform[..., None])
        return self._value(chosen)

    def _value(self, weights):
        levels = np.arange(weights.shape[-1], dtype="float32")
        return self._low + self._step * tf.reduce_sum(weights * levels, -1)


def _numbers(channels):
    """Numbers a component: weight, locations, scales and coefficients."""
    return 1 + 2 * channels + channels * (channels - 1) // 2


def _log_bin(level, location, scale, top):
    """`log(F(above) - F(below))` of logistics, the bins at the ends open.

    `F(b) - F(a) = F(b) F(-a) (1 - exp(a - b))`, which loses no digits.
    """
    above = (level + 0.5 - location) / scale
    below = (level - 0.5 - location) / scale
    has_above = tf.cast(level < top, tf.float32)
    has_below = tf.cast(level > 0.0, tf.float32)
    return (
        has_above * has_below * tf.math.log(-tf.math.expm1(-1.0 / scale))
        - has_above * tf.math.softplus(-above)
        - has_below * tf.math.softplus(below)
    )


def choose(probabilities, uniform):
    """One-hot choices at a quantile, and where in its own part that lies.

    Args:
        probabilities: `(..., n)`.
        uniform: `(..., 1)`, inside of (0, 1).
    """
    ends = tf.cumsum(probabilities, axis=-1)
    reached = uniform * ends[..., -1:]  # rounded, the sum of all is not 1
    index = tf.reduce_sum(tf.cast(ends < reached, tf.int32), axis=-1)
    chosen = tf.one_hot(index, probabilities.shape[-1])
    own = _of(chosen, probabilities)
    return chosen, (reached - _of(chosen, ends)) / own + 1.0


def _of(chosen, values):
    return tf.reduce_sum(chosen * values, axis=-1, keepdims=True)


def _logit(uniform):
    inside = tf.clip_by_value(uniform, SMALL, 1.0 - SMALL)
    return tf.math.log(inside) - tf.math.log1p(-inside)
