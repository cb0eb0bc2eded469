"""Steps of inverse autoregressive flows, of masked dense layers."""

import keras
import numpy as np
import tensorflow as tf

OPEN = 2.0
"""Logit of the gates at the start, which let latents through."""


class MaskedDense(keras.layers.Layer):
    """A dense layer some of whose weights are 0.

    Args:
        mask: of 0 and 1, `(inputs, units)`.
        kernel_initializer: of what is not masked.
    """

    def __init__(
        self, mask: np.ndarray, kernel_initializer="glorot_uniform", **kwargs
    ):
        super().__init__(dtype="float32", **kwargs)
        self._mask = np.float32(mask)
        self._kernel = self.add_weight(
            shape=mask.shape, initializer=kernel_initializer, name="kernel"
        )
        self._bias = self.add_weight(
            shape=mask.shape[1:], initializer="zeros", name="bias"
        )
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = self._mask * tf.convert_to_tensor(self._kernel)
        return tf.tensordot(inputs, kernel, 1) + self._bias


class AutoregressiveStep(keras.layers.Layer):
    """Gated change of each latent, by those before it and by a context.

    Each hidden unit has a number, and sees the latents up to that one and the
    units of no higher numbers; number 0 sees the context alone. Gate and
    update of a latent see units of lower numbers than its own (MADE).

    Args:
        latent_dim: length of a latent.
        context_dim: length of the context.
        units: of the network's hidden layers.

    Reference:
        Germain et al. (2015), "MADE: Masked autoencoder for distribution
        estimation".
    """

    def __init__(
        self, latent_dim: int, context_dim: int, units: tuple[int, ...]
    ):
        super().__init__(dtype="float32")
        latents = np.arange(latent_dim) + 1
        hidden = [np.arange(n) * latent_dim // n for n in units]
        layers = [latents, *hidden]
        self._hidden = [
            MaskedDense(below[:, None] <= above)
            for below, above in zip(layers[:-1], layers[1:], strict=True)
        ]
        self._context = MaskedDense(np.ones((context_dim, units[0])))
        self._last = MaskedDense(
            layers[-1][:, None] < np.tile(latents, 2), "zeros"
        )
        self.built = True

    def forward(
        self, latents: tf.Tensor, context: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """All latents at once, and the log-determinant.

        Args:
            latents: float32 `(..., latent_dim)`.
            context: float32 `(..., context_dim)`.

        Returns:
            float32 `(..., latent_dim)` and `(...)`.
        """
        gate, update = self._gate_and_update(latents, context)
        log_gate = tf.math.log_sigmoid(gate)
        gate = tf.sigmoid(gate)
        changed = gate * latents + (1.0 - gate) * update
        return changed, tf.reduce_sum(log_gate, axis=-1)

    def backward(
        self, changed: tf.Tensor, context: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The inverse of `forward`, and the log-determinant of `forward`.

        Each pass makes one more latent right, from the first to the last.
        """
        # Of the shape of both, which a loop may not change.
        start = tf.zeros_like(changed + 0.0 * context[..., :1])

        def one_more(number, latents):
            return number + 1, self._undone(changed, latents, context)

        size = changed.shape[-1]
        _, latents = tf.while_loop(
            lambda number, _: number < size,
            one_more,
            (0, start),
            maximum_iterations=size,
        )
        return latents, self.forward(latents, context)[1]

    def _undone(self, changed, latents, context):
        """Latents, each by what is known of those before it."""
        gate, update = self._gate_and_update(latents, context)
        gate = tf.sigmoid(gate)
        return (changed - (1.0 - gate) * update) / gate

    def _gate_and_update(self, latents, context):
        values = self._hidden[0](latents) + self._context(context)
        for layer in self._hidden[1:]:
            values = layer(tf.nn.silu(values))
        raw = self._last(tf.nn.silu(values))
        gate, update = tf.split(raw, 2, axis=-1)
        return gate + OPEN, update
