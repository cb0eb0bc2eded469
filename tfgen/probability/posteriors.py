"""Posteriors, by name in `POSTERIORS`.

A new one is a class here, a line of `POSTERIORS` and its name in `__all__`.
"""

import typing

import keras
import tensorflow as tf

from tfgen.named_parts import get_part
from tfgen.probability.autoregressive import AutoregressiveStep
from tfgen.probability.latents import (
    LOG_VARIANCE_LIMIT,
    diagonal_gaussian,
    full_normal,
    independent_normal,
)
from tfgen.probability.posterior import Posterior

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

__all__ = [
    "POSTERIORS",
    "DiagonalPosterior",
    "FlowPosterior",
    "FullPosterior",
    "get_posterior",
]


@keras.saving.register_keras_serializable(package="tfgen")
class DiagonalPosterior(Posterior):
    """Independent Gaussians; the encoder gives means and log variances.

    Reference:
        Kingma and Welling (2014), "Auto-encoding variational Bayes",
        appendix B.

    Example:
    >>> tfgen.probability.DiagonalPosterior().parameters(latent_dim=16)
    32
    """

    independent = True
    gaussian = True

    def parameters(self, latent_dim: int) -> int:
        return 2 * latent_dim

    def distribution(
        self, parameters: tf.Tensor | tuple[tf.Tensor, tf.Tensor]
    ) -> "Distribution":
        return diagonal_gaussian(parameters)

    def draw(
        self, distribution: "Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        latents = distribution.mean() + distribution.stddev() * noise
        return latents, distribution.log_prob(latents)


@keras.saving.register_keras_serializable(package="tfgen")
class FullPosterior(Posterior):
    """A Gaussian of full covariance `L L'`, L lower triangular.

    The encoder gives the mean, the logarithms of L's squared diagonal, and
    what lies below it, in each row in units of the diagonal over the square
    root of `latent_dim`: so random numbers of a new encoder widen no latent
    much. At 0 latents are independent.

    Example:
    >>> tfgen.probability.FullPosterior().parameters(latent_dim=16)
    152
    """

    gaussian = True

    def parameters(self, latent_dim: int) -> int:
        return latent_dim + latent_dim * (latent_dim + 1) // 2

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        n = self.latent_dim
        parameters = tf.cast(parameters, tf.float32)
        mean, stddev = _mean_and_stddev(parameters[..., : 2 * n])
        lower = _below_diagonal(parameters[..., 2 * n :], n) / n**0.5
        return full_normal(mean, stddev[..., None] * (lower + tf.eye(n)))

    def draw(
        self, distribution: "Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        latents = distribution.loc + distribution.scale.matvec(noise)
        # The solution of `L noise = z - mean` is known.
        log_prob = _log_normal(noise) - distribution.scale.log_abs_determinant()
        return latents, log_prob


@keras.saving.register_keras_serializable(package="tfgen")
class FlowPosterior(Posterior):
    """Inverse autoregressive flow: a Gaussian through gated steps.

    The encoder gives mean and log variance of independent Gaussians, and a
    context vector h that all steps see. Draws and their densities take one
    pass through each step, the density of any other latent takes
    `latent_dim` of them. Mean and standard deviation are those of 128
    draws or more, always the same ones.

    Formula: `z <- g(z, h) z + (1 - g(z, h)) m(z, h)` in each step, where g
        and m of a latent depend on those before it alone, and
        `log q(z|x) = log(normal(z_0)) - sum(log(g))`; the order of the
        latents is turned round after each step.

    Args:
        steps: their number.
        units: of the hidden layers of each step's network.
        context_dim: length of h; None: `latent_dim`.

    Raises:
        ValueError: for numbers below 1.

    Reference:
        Kingma et al. (2016), "Improved variational inference with inverse
        autoregressive flow", algorithm 1 with the gates of equation 14.

    Example:
    >>> posterior = tfgen.probability.FlowPosterior(steps=2, context_dim=8)
    >>> posterior.parameters(latent_dim=16)
    40
    """

    slow_density = True

    def __init__(
        self,
        steps: int = 4,
        units: tuple[int, ...] = (64, 64),
        context_dim: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.steps = steps
        self.units = tuple(units)
        self.context_dim = context_dim
        for name, least in (
            ("steps", steps),
            ("units", min(self.units, default=0)),
            ("context_dim", 1 if context_dim is None else context_dim),
        ):
            if least < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, expected 1 or more."
                )

    def make_weights(self) -> None:
        context_dim = self.context_dim or self.latent_dim
        self._steps = [
            AutoregressiveStep(self.latent_dim, context_dim, self.units)
            for _ in range(self.steps)
        ]

    def parameters(self, latent_dim: int) -> int:
        return 2 * latent_dim + (self.context_dim or latent_dim)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        # On first use, for it imports TensorFlow Probability.
        from tfgen.probability.pushed_normal import MeasuredPushedNormal

        n = self.latent_dim
        parameters = tf.cast(parameters, tf.float32)
        context = parameters[..., 2 * n :]
        moments = _mean_and_stddev(parameters[..., : 2 * n])
        return MeasuredPushedNormal(
            lambda latents: self._to_noise(latents, *moments, context),
            lambda noise: self._from_noise(noise, *moments, context),
            n,
            parameters.shape[:-1],
            tf.shape(parameters)[:-1],
        )

    def draw(
        self, distribution: "Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return distribution.draw(noise)

    def _from_noise(self, noise, mean, stddev, context):
        """Latents, and the log-determinant of dz / dnoise."""
        latents = mean + stddev * noise
        log_determinant = tf.reduce_sum(tf.math.log(stddev), axis=-1)
        for step in self._steps:
            latents, log_gates = step.forward(latents, context)
            log_determinant += log_gates
            latents = tf.reverse(latents, [-1])
        return latents, log_determinant

    def _to_noise(self, latents, mean, stddev, context):
        """The same backwards: noise, and the log-determinant of its way."""
        log_determinant = -tf.reduce_sum(tf.math.log(stddev), axis=-1)
        for step in reversed(self._steps):
            latents = tf.reverse(latents, [-1])
            latents, log_gates = step.backward(latents, context)
            log_determinant -= log_gates
        return (latents - mean) / stddev, log_determinant


POSTERIORS = {
    "diagonal": DiagonalPosterior,
    "full": FullPosterior,
    "flow": FlowPosterior,
}
"""By name; a name stands for its class with the defaults."""


def get_posterior(posterior: str | dict | Posterior) -> Posterior:
    """A family of posteriors from its name, its config or itself.

    Raises:
        ValueError: for an unknown name.

    Example:
    >>> tfgen.probability.get_posterior("flow").steps
    4
    """
    return get_part("posterior", posterior, POSTERIORS, Posterior)


def _mean_and_stddev(parameters):
    mean, log_variance = tf.split(parameters, 2, axis=-1)
    log_variance = tf.clip_by_value(
        log_variance, -LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT
    )
    return mean, tf.exp(0.5 * log_variance)


def _below_diagonal(values, size):
    """Strictly lower triangular matrices `(..., size, size)`, row by row."""
    places = [[(i * (i - 1)) // 2 + j for j in range(i)] for i in range(size)]
    zero = values.shape[-1]  # of a number that is put behind the others
    places = [row + [zero] * (size - len(row)) for row in places]
    ends = [[0, 0]] * (len(values.shape) - 1) + [[0, 1]]
    return tf.gather(tf.pad(values, ends), places, axis=-1)


def _log_normal(noise):
    zeros = tf.zeros_like(noise)
    return independent_normal(zeros, tf.ones_like(noise)).log_prob(noise)
