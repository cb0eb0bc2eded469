"""What a decoder's output says about the data."""

import keras
import tensorflow as tf


class Likelihood(keras.layers.Layer):
    """Distribution p(x|z) of the data, given the decoder's output.

    The decoder's output has the shape of the data with its last axis
    `parameters_per_value` times as long. It is a layer so that a scale can be
    learned and is saved with the model.

    Attributes:
        data_range: `(low, high)` that the data must lie in, or None.
        parameters_per_value: decoder outputs for each value of the data.
        levels: of how many equally spaced values in `data_range` it gives the
            probabilities; None for a density of real data.
    """

    data_range: tuple[float, float] | None = None
    parameters_per_value = 1
    levels: int | None = None

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def distribution(self, parameters):
        """The TensorFlow Probability distribution, one value an entry.

        Args:
            parameters: decoder output, `(batch, ..., channels *
                parameters_per_value)`.
        """
        raise NotImplementedError(type(self).__name__)

    def log_prob(self, x, parameters):
        """Log-likelihood of each example in nats, shape `(batch,)`."""
        # A NumPy x would become an integer where the distribution is discrete.
        x, parameters = tf.cast(x, tf.float32), tf.cast(parameters, tf.float32)
        each = self.distribution(parameters).log_prob(x)
        return tf.reduce_sum(each, axis=range(1, len(each.shape)))

    def log_prob_of_draws(self, x, parameters):
        """Log-likelihood of each example under several decoder outputs.

        Args:
            x: `(batch, ...)`.
            parameters: `(batch, draws, ...)`.

        Returns:
            float32 `(batch, draws)`, in nats.
        """
        x = tf.cast(x, tf.float32)[:, None]
        parameters = tf.cast(parameters, tf.float32)
        each = self.distribution(parameters).log_prob(x)
        return tf.reduce_sum(each, axis=range(2, len(each.shape)))

    def mean(self, parameters):
        """Expected data, in the data's shape and range."""
        return self.distribution(tf.cast(parameters, tf.float32)).mean()

    def sample(self, parameters, uniform):
        """One draw of the data, by the inverse distribution function.

        Args:
            parameters: decoder output.
            uniform: noise in [0, 1), in the data's shape.
        """
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        distribution = self.distribution(tf.cast(parameters, tf.float32))
        return distribution.quantile(inside)

    def targets(self, x, batch):
        """The data the likelihood is taken of; most take it as it is."""
        return x

    def check_values(self, x):
        """Raises ValueError if `log_prob` of these is not of any data."""

    def check_decoder(self, decoder):
        """Raises ValueError if the decoder's last layer cannot be right."""
