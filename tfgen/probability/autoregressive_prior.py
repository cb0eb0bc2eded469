"""Prior whose latents are drawn one after the other."""

import keras
import tensorflow as tf

from tfgen.probability.autoregressive import OPEN, AutoregressiveStep
from tfgen.probability.prior import InvertiblePrior

LOG_SCALE_LIMIT = 3.0


@keras.saving.register_keras_serializable(package="tfgen")
class Autoregressive(InvertiblePrior):
    """Gaussians of each latent given those before it, several times over.

    Each step is a masked network of the latents before one and of the class;
    the next step goes through them in the opposite order. Densities take one
    pass through each step, draws `latent_dim` of them. It starts as the
    standard normal prior.

    Formula: `u_i = (z_i - mean(z_1..i-1)) / scale(z_1..i-1)` in each step, so
        that `log p(z) = log(normal(u)) - sum(log(scale))`

    Args:
        steps: their number.
        units: of the hidden layers of each step's network.

    Raises:
        ValueError: for numbers below 1.

    Reference:
        Papamakarios et al. (2017), "Masked autoregressive flow for density
        estimation"; Germain et al. (2015), "MADE".

    Example:
    >>> prior = tfgen.probability.Autoregressive(steps=2, units=(8,))
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=prior)
    >>> log_prob = vae.prior.distribution().log_prob(tf.zeros((3, 2)))
    >>> log_prob.numpy().round(4)  # -log(2 pi): it starts standard normal
    array([-1.8379, -1.8379, -1.8379], dtype=float32)
    """

    def __init__(
        self, steps: int = 3, units: tuple[int, ...] = (128, 128), **kwargs
    ):
        super().__init__(**kwargs)
        self.steps = steps
        self.units = tuple(units)
        for name, least in (
            ("steps", steps),
            ("units", min(self.units, default=0)),
        ):
            if least < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, expected 1 or more."
                )

    def make_weights(self) -> None:
        # Without classes the context is a 1, which adds to the biases.
        self._steps = [
            AutoregressiveGaussian(
                self.latent_dim, self.num_classes or 1, self.units
            )
            for _ in range(self.steps)
        ]

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        context, values = _context(labels), noise
        for step in reversed(self._steps):
            values, _ = step.backward(tf.reverse(values, [-1]), context)
        return values

    def to_noise(
        self, latents: tf.Tensor, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        context, values, total = _context(labels), latents, 0.0
        for step in self._steps:
            values, log_determinant = step.forward(values, context)
            values = tf.reverse(values, [-1])
            total += log_determinant
        return values, total


class AutoregressiveGaussian(AutoregressiveStep):
    """A step from latents to noise, with a mean and a scale for each."""

    def forward(
        self, latents: tf.Tensor, context: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        mean, log_scale = self._mean_and_log_scale(latents, context)
        noise = (latents - mean) * tf.exp(-log_scale)
        return noise, -tf.reduce_sum(log_scale, axis=-1)

    def _undone(self, noise, latents, context):
        mean, log_scale = self._mean_and_log_scale(latents, context)
        return mean + noise * tf.exp(log_scale)

    def _mean_and_log_scale(self, latents, context):
        gate, mean = self._gate_and_update(latents, context)
        raw = (gate - OPEN) / LOG_SCALE_LIMIT
        return mean, LOG_SCALE_LIMIT * tf.tanh(raw)


def _context(labels):
    return tf.ones((1,)) if labels is None else tf.cast(labels, tf.float32)
