"""Discretized logistic likelihood."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.probability.likelihood import Likelihood


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
    """

    data_range = (0.0, 1.0)
    parameters_per_value = 2

    def __init__(self, levels=256, min_scale=0.1, **kwargs):
        super().__init__(**kwargs)
        self.levels = levels
        self.min_scale = min_scale

    def distribution(self, parameters):
        location, raw = tf.split(parameters, 2, axis=-1)
        top = self.levels - 1
        # Outputs of order 1 cover the range: start at mid-grey, a broad bin.
        location = (location + 0.5) * top
        scale = self.min_scale + tf.math.softplus(raw) * top / 8.0
        # The bin of value v is (v - 1, v] for QuantizedDistribution.
        logistic = tfp.distributions.Logistic(location - 0.5, scale)
        quantized = tfp.distributions.QuantizedDistribution(
            logistic, low=0.0, high=float(top)
        )
        return _UnitRange(quantized, logistic, top)

    def get_config(self):
        config = super().get_config()
        own = {"levels": self.levels, "min_scale": self.min_scale}
        return {**config, **own}


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
