"""Bernoulli likelihood."""

import math

import keras
import numpy as np
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
    levels = 2

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

    def log_prob_of_draws(self, x, parameters):
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

    def sample(self, parameters, uniform):
        return tf.cast(uniform < self.mean(parameters), tf.float32)

    def targets(self, x, batch):
        if self._targets == "dynamic":
            noise = batch.uniform(x.shape[1:], "binarise")
            return tf.cast(noise < x, x.dtype)
        if self._targets == "threshold":
            return tf.cast(x >= 0.5, x.dtype)
        return x

    def check_values(self, x):
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

    def check_decoder(self, decoder):
        check_logits(self, decoder)

    def get_config(self):
        config = super().get_config()
        own = {"targets": self._targets, "from_logits": self.from_logits}
        return {**config, **own}


def _sum_softplus(logits, size):
    """Sum over the last axis, which has `size` values.

    `softplus(a) = max(a, 0) + log(1 + exp(-|a|))`, and one logarithm serves a
    product of up to 120 such factors: each is at most 2.
    """
    factors = max(d for d in range(1, 121) if size % d == 0)
    shape = tf.concat([tf.shape(logits)[:-1], (size // factors, factors)], 0)
    each = tf.reshape(1.0 + tf.exp(-tf.abs(logits)), shape)
    logs = tf.math.log(tf.reduce_prod(each, axis=-1))
    return tf.reduce_sum(tf.nn.relu(logits), -1) + tf.reduce_sum(logs, -1)


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
