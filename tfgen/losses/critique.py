"""What a discriminator says of data and of generated examples."""

import copy

import tensorflow as tf


class Critique:
    """The discriminator's answers, and what losses and penalties ask of them.

    Penalties that need gradients at these very examples take them from the
    pass that was made for the answers.

    Args:
        discriminate: function of examples `(rows, ...)` to logits `(rows,)`.
        real: data.
        fake: generated examples, as many.
        batch: the `GlobalBatch` of these rows, for noise and means.

    Attributes:
        real_logits: the answers on data, `(rows,)`.
        fake_logits: the answers on generated examples, `(rows,)`.
    """

    def __init__(self, discriminate, real, fake, batch):
        self.discriminate = discriminate
        self.real = tf.convert_to_tensor(real)
        self.fake = tf.convert_to_tensor(fake)
        self.batch = batch
        self.real_logits, self._real_tape = self._judge(self.real)
        self.fake_logits, self._fake_tape = self._judge(self.fake)

    def with_fake(self, fake):
        """The answers on the same data and on other generated examples."""
        other = copy.copy(self)
        other.fake = tf.convert_to_tensor(fake)
        other.fake_logits, other._fake_tape = self._judge(other.fake)
        return other

    def squared_slope_at_real(self):
        """`||dD/dx||^2` at each of the data, `(rows,)`."""
        return self._squared_slope(self._real_tape, self.real_logits, self.real)

    def squared_slope_at_fake(self):
        """`||dD/dx||^2` at each generated example, `(rows,)`."""
        return self._squared_slope(self._fake_tape, self.fake_logits, self.fake)

    def distance_of_slope_from_one(self, x):
        """`(||dD/dx|| - 1)^2` at other examples, with a finite slope at 0."""
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = self.discriminate(x)
        squared = self._squared_slope(tape, logits, x)
        # The derivative of a square root at 0 is infinite, and 0 * inf is NaN.
        return (tf.sqrt(squared + 1e-12) - 1.0) ** 2

    def _judge(self, x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            logits = self.discriminate(x)
        return logits, tape

    def _squared_slope(self, tape, logits, x):
        # Where layers mix rows, those of weight 0 have slopes at others too.
        weights = self.batch.weights
        gradient = tape.gradient(logits, x, output_gradients=weights)
        gradient = tf.cast(gradient, tf.float32)
        return tf.reduce_sum(gradient**2, axis=range(1, len(gradient.shape)))
