"""Likelihoods, by name in `LIKELIHOODS`.

A new one is a class here or in a module beside it, a line of `LIKELIHOODS` and
its name in `__all__`.
"""

import math
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.named_parts import get_part
from tfgen.probability import tfd
from tfgen.probability.dependent_gaussians import FullGaussian, LowRankGaussian
from tfgen.probability.image_likelihood import AutoregressiveImage
from tfgen.probability.level_likelihoods import Categorical, LogisticMixture
from tfgen.probability.likelihood import Likelihood
from tfgen.probability.table_likelihood import Table
from tfgen.training.global_batch import GlobalBatch

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

__all__ = [
    "LIKELIHOODS",
    "AutoregressiveImage",
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "FullGaussian",
    "Gaussian",
    "LogisticMixture",
    "LowRankGaussian",
    "Table",
    "get",
]

TARGETS = ("soft", "dynamic", "threshold")


@keras.saving.register_keras_serializable(package="tfgen")
class Bernoulli(Likelihood):
    """Pixels that are on or off; the decoder gives the logits.

    Formula: `sum(x * log(p) + (1 - x) * log(1 - p))`, `p = sigmoid(logits)`.

    Args:
        targets: what grey values mean. `"soft"` takes them as they are: the
            sum is then a cross-entropy, not the likelihood of any data, and
            compares only with itself. `"dynamic"` draws every pixel on or off
            with its grey value as probability, anew at each step, for the
            encoder too (Salakhutdinov and Murray, 2008); `"threshold"` cuts at
            0.5. The latter two are true likelihoods.
        from_logits: False if the decoder ends in a sigmoid.

    Raises:
        ValueError: for other targets.

    Example:
    >>> x, logits = np.float32([[0, 1, 1]]), np.zeros((1, 3), "float32")
    >>> tfgen.probability.Bernoulli().log_prob(x, logits).numpy()  # -3 log(2)
    array([-2.0794415], dtype=float32)
    """

    data_range = (0.0, 1.0)
    levels = 2

    def __init__(
        self, targets: str = "soft", from_logits: bool = True, **kwargs
    ):
        super().__init__(**kwargs)
        if targets not in TARGETS:
            raise ValueError(
                f"Bernoulli targets is {targets!r}, expected one of "
                f"{', '.join(TARGETS)}."
            )
        self._targets = targets
        self.from_logits = from_logits

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        if self.from_logits:
            return tfd.Bernoulli(logits=parameters)
        tiny = keras.config.epsilon()
        probs = tf.clip_by_value(parameters, tiny, 1.0 - tiny)
        return tfd.Bernoulli(probs=probs)

    def log_prob(self, x: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        if not self.from_logits:
            return super().log_prob(x, parameters)
        # Half of the time that two softplus a value take.
        size = math.prod(parameters.shape[1:])
        x, logits = (
            tf.reshape(tf.cast(values, tf.float32), (-1, size))
            for values in (x, parameters)
        )
        return _sum_log_bernoulli(x, logits)

    def log_prob_of_draws(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        if not self.from_logits:
            return super().log_prob_of_draws(x, parameters)
        # x * logits - softplus(logits), one product for all draws: twice as
        # fast as value by value.
        size = math.prod(parameters.shape[2:])
        shape = tf.shape(parameters)
        logits = tf.reshape(parameters, (shape[0], shape[1], size))
        logits = tf.cast(logits, tf.float32)
        x = tf.cast(tf.reshape(x, (shape[0], size)), tf.float32)
        return tf.linalg.matvec(logits, x) - _sum_softplus(logits, size)

    def sample(self, parameters: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        return tf.cast(uniform < self.mean(parameters), tf.float32)

    def targets(self, x: tf.Tensor, batch: GlobalBatch) -> tf.Tensor:
        if self._targets == "dynamic":
            noise = batch.uniform(x.shape[1:], "binarise")
            return tf.cast(noise < x, x.dtype)
        if self._targets == "threshold":
            return tf.cast(x >= 0.5, x.dtype)
        return x

    def check_values(self, x: np.ndarray) -> None:
        between = (x != 0) & (x != 1)
        if not np.any(between):
            return
        advice = "tfgen.metrics.binarized(x)"
        if self._targets == "threshold":
            advice = "(x >= 0.5).astype('float32')"
        raise ValueError(
            f"x has grey values such as {x[between].flat[0]:g}, but a "
            "Bernoulli likelihood is one of pixels that are 0 or 1; of grey "
            "ones it is a cross-entropy and no likelihood of any data: pass "
            f"{advice}, or build the model with the likelihood "
            "'continuous_bernoulli' or 'discretized_logistic'."
        )

    def check_decoder(self, decoder: keras.Model) -> None:
        _check_logits(self, decoder)

    def get_config(self) -> dict:
        # `targets` itself is a method.
        return {**super().get_config(), "targets": self._targets}


@keras.saving.register_keras_serializable(package="tfgen")
class ContinuousBernoulli(Likelihood):
    """Grey values in [0, 1] as data; the decoder gives the logits.

    The Bernoulli formula with the constant that makes it a density on [0, 1]:
    `log C(p) + x * log(p) + (1 - x) * log(1 - p)`,
    `C(p) = 2 atanh(1 - 2p) / (1 - 2p)`.

    Reference:
        Loaiza-Ganem and Cunningham (2019), "The continuous Bernoulli",
        equations 5 and 6.

    Example:
    >>> x, logits = np.full((1, 3), 0.7, "float32"), np.zeros((1, 3), "float32")
    >>> likelihood = tfgen.probability.ContinuousBernoulli()
    >>> abs(likelihood.log_prob(x, logits).numpy()) < 1e-5  # density 1
    array([ True])
    """

    data_range = (0.0, 1.0)
    from_logits = True

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        return tfd.ContinuousBernoulli(logits=parameters)

    def check_decoder(self, decoder: keras.Model) -> None:
        _check_logits(self, decoder)


@keras.saving.register_keras_serializable(package="tfgen")
class DiscretizedLogistic(Likelihood):
    """Images of `levels` grey values; the decoder gives mean and scale.

    Each value owns a bin of width 1 / (levels - 1) around it, the first and the
    last bin are open: `P(x) = F(x + half) - F(x - half)` with the logistic
    distribution function F. A true likelihood of 8-bit data.

    Args:
        levels: how many values there are, 256 for 8-bit images.
        min_scale: floor of the scale, in grey values.

    Reference:
        Kingma et al. (2016), "Improved variational inference with inverse
        autoregressive flow", equation 16; Salimans et al. (2017), equation 2.

    Example:
    >>> likelihood = tfgen.probability.DiscretizedLogistic(levels=2)
    >>> x, parameters = np.float32([[0.0]]), np.zeros((1, 2), "float32")
    >>> likelihood.log_prob(x, parameters).numpy()  # log(1 / 2)
    array([-0.6931472], dtype=float32)
    """

    data_range = (0.0, 1.0)
    parameters_per_value = 2

    def __init__(self, levels: int = 256, min_scale: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.levels = levels
        self.min_scale = min_scale

    def distribution(self, parameters: tf.Tensor) -> "_UnitRange":
        location, raw = tf.split(parameters, 2, axis=-1)
        top = self.levels - 1
        # Outputs of order 1 cover the range: start at mid-grey, a broad bin.
        location = (location + 0.5) * top
        scale = self.min_scale + tf.math.softplus(raw) * top / 8.0
        # The bin of value v is (v - 1, v] for QuantizedDistribution.
        logistic = tfd.Logistic(location - 0.5, scale)
        quantized = tfd.QuantizedDistribution(
            logistic, low=0.0, high=float(top)
        )
        return _UnitRange(quantized, logistic, top)


@keras.saving.register_keras_serializable(package="tfgen")
class Gaussian(Likelihood):
    """Real data; the decoder gives the mean, and its scale if asked.

    Formula: `-sum((x - mean)^2 / (2 scale^2) + log(scale) + log(2 pi) / 2)`.

    Args:
        scale: a float (fixed; `0.5 ** 0.5` makes the negative log-likelihood
            the sum of squared errors up to a constant), `"learned"` (one
            number, trained with the networks; Rybkin et al., 2021,
            "Simple and effective VAE training with calibrated decoders") or
            `"per_value"` (the decoder's second half of channels).
        data_range: `(low, high)` of the data where the decoder's last
            activation bounds it, e.g. `(-1, 1)` for tanh; None for any.
        min_scale: floor of a scale that is not fixed, in the data's units.
        initial_scale: where a learned scale starts. Well below the data's
            spread it lets the latents in before it grows; above, the model
            may settle for noise.

    Raises:
        ValueError: for another scale.

    Example:
    >>> likelihood = tfgen.probability.Gaussian(scale=0.5**0.5)
    >>> x, mean = np.float32([[1.0], [3.0]]), np.zeros((2, 1), "float32")
    >>> one, three = likelihood.log_prob(x, mean).numpy()
    >>> round(float(one - three), 4)  # 3^2 - 1^2
    8.0
    """

    def __init__(
        self,
        scale: float | str = "learned",
        data_range: tuple[float, float] | None = None,
        min_scale: float = 1e-3,
        initial_scale: float = 0.7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        fixed = isinstance(scale, (int, float)) and not isinstance(scale, bool)
        if not (fixed and scale > 0) and scale not in ("learned", "per_value"):
            raise ValueError(
                f"Gaussian scale is {scale!r}, expected a positive number, "
                "'learned' or 'per_value'."
            )
        self.scale = scale
        self.min_scale = min_scale
        self.initial_scale = initial_scale
        if data_range is not None:
            self.data_range = tuple(float(value) for value in data_range)
        if scale == "per_value":
            self.parameters_per_value = 2
        if scale == "learned":
            start = self._raw(initial_scale)
            self.raw_scale = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(start),
                name="raw_scale",
            )

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        mean, scale = parameters, self.scale
        if self.scale == "per_value":
            mean, raw = tf.split(parameters, 2, axis=-1)
            scale = self._positive(raw)
        elif self.scale == "learned":
            scale = self._positive(tf.convert_to_tensor(self.raw_scale))
        return tfd.Normal(mean, tf.cast(scale, tf.float32))

    def set_scale(self, scale: float) -> None:
        """Has a learned scale go on from a value above `min_scale`."""
        self.raw_scale.assign(self._raw(scale))

    def _raw(self, scale):
        return math.log(math.expm1(scale - self.min_scale))

    def _positive(self, raw):
        return self.min_scale + tf.math.softplus(raw)


LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "discretized_logistic": DiscretizedLogistic,
    "logistic_mixture": LogisticMixture,
    "categorical": Categorical,
    "autoregressive": AutoregressiveImage,
    "gaussian": Gaussian,
    "full_gaussian": FullGaussian,
    "low_rank_gaussian": LowRankGaussian,
    "table": Table,
}
"""Likelihoods by name."""


def get(likelihood: str | dict | Likelihood) -> Likelihood:
    """A likelihood from its name, its config or itself.

    Args:
        likelihood: `"bernoulli"` (soft targets), `"continuous_bernoulli"`,
            `"discretized_logistic"`, `"gaussian"` (one learned scale) or
            another key of `LIKELIHOODS`, a config of Keras, or a
            `Likelihood`.

    Raises:
        ValueError: for anything else.

    Example:
    >>> tfgen.probability.get("gaussian").scale
    'learned'
    """
    return get_part("likelihood", likelihood, LIKELIHOODS, Likelihood)


class _UnitRange:
    """Grey values 0 ... top as numbers in [0, 1]."""

    def __init__(self, quantized, logistic, top):
        self._quantized, self._logistic, self._top = quantized, logistic, top

    def log_prob(self, x):
        return self._quantized.log_prob(tf.round(x * self._top))

    def mean(self):
        # The middle of the logistic; QuantizedDistribution has no mean.
        return self._to_unit(self._logistic.loc + 0.5)

    def quantile(self, uniform):
        return self._to_unit(tf.math.ceil(self._logistic.quantile(uniform)))

    def _to_unit(self, grey):
        return tf.clip_by_value(grey / self._top, 0.0, 1.0)


@tf.custom_gradient
def _sum_log_bernoulli(x, logits):
    """Of rows `(rows, size)`: `sum(x * logits - softplus(logits))`.

    Here `softplus(a) = max(a, 0) - log(max(p, 1 - p))`, `p = sigmoid(a)`, and
    p gives the gradient, too.
    """
    probability = tf.sigmoid(logits)
    likelier = tf.maximum(probability, 1.0 - probability)
    values = tf.reduce_sum(x * logits - tf.nn.relu(logits), axis=-1)
    values += _sum_log(likelier, logits.shape[-1])

    def gradient(upstream):
        each = upstream[:, None]
        return each * logits, each * (x - tf.sigmoid(logits))

    return values, gradient


def _sum_softplus(logits, size):
    """Sum over the last axis, which has `size` values.

    `softplus(a) = max(a, 0) + log(1 + exp(-|a|))`.
    """
    logs = _sum_log(1.0 + tf.exp(-tf.abs(logits)), size)
    return tf.reduce_sum(tf.nn.relu(logits), -1) + logs


def _sum_log(factors, size):
    """Sum of logarithms over the last axis, of `size` values from 1/2 to 2.

    One logarithm serves a product of up to 120 of them.
    """
    together = max(d for d in range(1, 121) if size % d == 0)
    groups = tf.concat(
        [tf.shape(factors)[:-1], (size // together, together)], 0
    )
    products = tf.reduce_prod(tf.reshape(factors, groups), axis=-1)
    return tf.reduce_sum(tf.math.log(products), -1)


def _check_logits(likelihood, decoder):
    """Refuses a sigmoid where logits are read, and the other way round."""
    last = decoder.layers[-1] if getattr(decoder, "layers", None) else None
    activation = getattr(last, "activation", None)
    name = type(likelihood).__name__
    has_sigmoid = activation is keras.activations.sigmoid
    if likelihood.from_logits and has_sigmoid:
        raise ValueError(
            f"the decoder ends in a sigmoid (layer {last.name!r}), but {name} "
            "reads its output as logits: remove the activation, or pass "
            f"likelihood=tfgen.probability.{name}(from_logits=False)."
        )
    if not likelihood.from_logits and activation is keras.activations.linear:
        raise ValueError(
            f"{name}(from_logits=False) reads the decoder's output as "
            f"probabilities, but its last layer {last.name!r} has no "
            "activation: end it in a sigmoid, or leave from_logits=True."
        )
