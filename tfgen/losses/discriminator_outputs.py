"""Outputs of a discriminator on data and on generated examples."""

import copy
from collections.abc import Callable

import tensorflow as tf

from tfgen.training.global_batch import GlobalBatch


class DiscriminatorOutputs:
    """Logits of a discriminator, and its gradients where penalties need them.

    Gradients at these very examples come from the pass that was made for the
    logits, so that `R1` and `R2` cost no second one.

    Args:
        discriminate: function of examples `(rows, ...)` to logits `(rows,)`.
        real: data, `(rows, ...)`.
        fake: generated examples, as many.
        batch: the `GlobalBatch` of these rows, for noise and means.

    Attributes:
        real_logits: logits of data, `(rows,)`.
        fake_logits: logits of generated examples, `(rows,)`.

    Example:
    >>> x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    >>> batch = tfgen.training.GlobalBatch(x, None, 0, tf.constant(0, tf.int64))
    >>> def discriminate(x):
    ...     return tf.reduce_sum(x**2, axis=1)
    >>> outputs = DiscriminatorOutputs(discriminate, x, 0.0 * x, batch)
    >>> outputs.real_logits.numpy()
    array([ 5., 25.], dtype=float32)
    >>> outputs.squared_slope_at_real().numpy()  # of the gradient 2 x
    array([ 20., 100.], dtype=float32)
    """

    def __init__(
        self,
        discriminate: Callable[[tf.Tensor], tf.Tensor],
        real: tf.Tensor,
        fake: tf.Tensor,
        batch: GlobalBatch,
    ):
        self.discriminate = discriminate
        self.real = tf.convert_to_tensor(real)
        self.fake = tf.convert_to_tensor(fake)
        self.batch = batch
        self.real_logits, self._real_tape = self._recorded(self.real)
        self.fake_logits, self._fake_tape = self._recorded(self.fake)

    def with_fake(self, fake: tf.Tensor) -> "DiscriminatorOutputs":
        """The outputs on the same data and on other generated examples."""
        other = copy.copy(self)
        other.fake = tf.convert_to_tensor(fake)
        other.fake_logits, other._fake_tape = self._recorded(other.fake)
        return other

    def squared_slope_at_real(self) -> tf.Tensor:
        """`||dD/dx||^2` at each of the data, `(rows,)`."""
        return self._squared_slope(self._real_tape, self.real_logits, self.real)

    def squared_slope_at_fake(self) -> tf.Tensor:
        """`||dD/dx||^2` at each generated example, `(rows,)`."""
        return self._squared_slope(self._fake_tape, self.fake_logits, self.fake)

    def distance_of_slope_from_one(self, x: tf.Tensor) -> tf.Tensor:
        """`(||dD/dx|| - 1)^2` at other examples, with a finite slope at 0."""
        logits, tape = self._recorded(x)
        squared = self._squared_slope(tape, logits, x)
        # The derivative of a square root at 0 is infinite, and 0 * inf is NaN.
        return (tf.sqrt(squared + 1e-12) - 1.0) ** 2

    def _recorded(self, x):
        # Persistent, as several penalties may ask for the same gradient.
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


Critique = DiscriminatorOutputs
"""The name under which version 0.1 published it."""
