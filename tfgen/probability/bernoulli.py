"""Bernoulli likelihood."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.probability.likelihood import Likelihood

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
    """

    data_range = (0.0, 1.0)

    def __init__(self, targets="soft", from_logits=True, **kwargs):
        super().__init__(**kwargs)
        if targets not in TARGETS:
            raise ValueError(
                f"Bernoulli targets is {targets!r}, expected one of "
                f"{', '.join(TARGETS)}."
            )
        self._targets = targets
        self.from_logits = from_logits

    def distribution(self, parameters):
        if self.from_logits:
            return tfp.distributions.Bernoulli(logits=parameters)
        tiny = keras.config.epsilon()
        probs = tf.clip_by_value(parameters, tiny, 1.0 - tiny)
        return tfp.distributions.Bernoulli(probs=probs)

    def sample(self, parameters, uniform):
        return tf.cast(uniform < self.mean(parameters), tf.float32)

    def targets(self, x, batch):
        if self._targets == "dynamic":
            noise = batch.uniform(x.shape[1:], "binarise")
            return tf.cast(noise < x, x.dtype)
        if self._targets == "threshold":
            return tf.cast(x >= 0.5, x.dtype)
        return x

    def check_decoder(self, decoder):
        check_logits(self, decoder)

    def get_config(self):
        config = super().get_config()
        own = {"targets": self._targets, "from_logits": self.from_logits}
        return {**config, **own}


def check_logits(likelihood, decoder):
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
