"""Gaussian likelihood."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.probability.likelihood import Likelihood


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
    """

    def __init__(
        self,
        scale="learned",
        data_range=None,
        min_scale=1e-3,
        initial_scale=0.7,
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
            start = math.log(math.expm1(initial_scale - min_scale))
            self.raw_scale = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(start),
                name="raw_scale",
            )

    def distribution(self, parameters):
        mean, scale = parameters, self.scale
        if self.scale == "per_value":
            mean, raw = tf.split(parameters, 2, axis=-1)
            scale = self._positive(raw)
        elif self.scale == "learned":
            scale = self._positive(tf.convert_to_tensor(self.raw_scale))
        return tfp.distributions.Normal(mean, tf.cast(scale, tf.float32))

    def get_config(self):
        config = super().get_config()
        own = {
            "scale": self.scale,
            "data_range": self.data_range,
            "min_scale": self.min_scale,
            "initial_scale": self.initial_scale,
        }
        return {**config, **own}

    def _positive(self, raw):
        return self.min_scale + tf.math.softplus(raw)
