"""Continuous Bernoulli likelihood."""

import keras
import tensorflow_probability as tfp

from tfgen.probability.bernoulli import check_logits
from tfgen.probability.likelihood import Likelihood


@keras.saving.register_keras_serializable(package="tfgen")
class ContinuousBernoulli(Likelihood):
    """Grey values in [0, 1] as data; the decoder gives the logits.

    The Bernoulli formula with the constant that makes it a density on [0, 1]:
    `log C(p) + x * log(p) + (1 - x) * log(1 - p)`,
    `C(p) = 2 atanh(1 - 2p) / (1 - 2p)`.

    Reference:
        Loaiza-Ganem and Cunningham (2019), "The continuous Bernoulli",
        equations 5 and 6.
    """

    data_range = (0.0, 1.0)
    from_logits = True

    def distribution(self, parameters):
        return tfp.distributions.ContinuousBernoulli(logits=parameters)

    def check_decoder(self, decoder):
        check_logits(self, decoder)
