"""Prior that is a second variational autoencoder, of the latents."""

import math
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.probability.gaussian_network import GaussianNetwork
from tfgen.probability.latents import standard_normal
from tfgen.probability.prior import Prior
from tfgen.training import GlobalBatch, random

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


@keras.saving.register_keras_serializable(package="tfgen")
class TwoStage(Prior):
    """A VAE of latents: theirs is the noise u, and p(z|u) a Gaussian.

    Its density has no closed form. In its place stands the importance-weighted
    bound by some draws: on average over their noise it is at most log p(z), so
    that what is built on it stays a lower bound of log p(x). In training each
    row has noise of its own, anew at each step; else all have the same, so
    that a latent has one density, wherever it is asked for.

    Formula: `log(mean_k(p(z|u_k) p(u_k) / q(u_k|z)))`, `u_k ~ q(u|z)`, with
        p(u) the standard normal and as many u as latents

    Args:
        units: of the hidden layers of each of its two networks.
        draws: k.

    Raises:
        ValueError: for numbers below 1.

    Reference:
        Dai and Wipf (2019), "Diagnosing and enhancing VAE models", section 4;
        Burda et al. (2016), "Importance weighted autoencoders", equation 8.

    Example:
    >>> prior = tfgen.probability.TwoStage(units=(8,))
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=prior)
    >>> vae.prior.noise_dim  # u, and the noise of p(z|u)
    4
    """

    def __init__(
        self, units: tuple[int, ...] = (256, 256), draws: int = 8, **kwargs
    ):
        super().__init__(**kwargs)
        self.units = tuple(units)
        self.draws = draws
        for name, least in (
            ("draws", draws),
            ("units", min(self.units, default=1)),
        ):
            if least < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, expected 1 or more."
                )

    @property
    def choices(self) -> int:
        return self.latent_dim

    def make_weights(self) -> None:
        size = self.latent_dim
        seen = [size, self.num_classes] if self.num_classes else [size]
        self._encoder = GaussianNetwork(seen, size, self.units)
        self._decoder = GaussianNetwork(seen, size, self.units)

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        # On first use, for it imports TensorFlow Probability.
        from tfgen.probability.pushed_normal import ByFunctions

        rows, dynamic_rows = tf.TensorShape([]), tf.zeros(0, tf.int32)
        if labels is not None:
            rows, dynamic_rows = labels.shape[:-1], tf.shape(labels)[:-1]
        return ByFunctions(
            lambda latents: self._bound(latents, labels),
            lambda noise: self.from_normal(noise, labels),
            self.noise_dim,
            self.latent_dim,
            rows,
            dynamic_rows,
        )

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        u, values = tf.split(noise, 2, axis=-1)
        of_u = self._decoder.gaussian(*_seen(u, labels))
        return of_u.mean() + of_u.stddev() * values

    def _bound(self, latents, labels):
        """`(...)`, of latents `(..., latent_dim)`."""
        latents = tf.cast(latents, tf.float32)
        if len(latents.shape) == 1:
            return self._bound(latents[None], labels)[0]
        of_latents = self._encoder.gaussian(*_seen(latents, labels))
        noise = self._noise(len(latents.shape))
        u = of_latents.mean() + of_latents.stddev() * noise
        of_u = self._decoder.gaussian(*_seen(u, labels))
        log_weights = (
            of_u.log_prob(latents)
            + standard_normal(self.latent_dim).log_prob(u)
            - of_latents.log_prob(u)
        )
        return tf.reduce_logsumexp(log_weights, axis=0) - math.log(self.draws)

    def _noise(self, rank):
        """`(draws, ..., rows or 1, latent_dim)`, for latents of that rank."""
        shape = (self.draws, self.latent_dim)
        batch = GlobalBatch.current()
        if batch is None:
            with tf.init_scope():
                stream = random.stream(0, "two_stage")
                noise = random.normal_rows(stream, 0, 1, shape).numpy()
            half = noise[:, : (self.draws + 1) // 2]
            noise = np.concatenate([half, -half], axis=1)[:, : self.draws]
        else:
            noise = batch.normal(shape, "two_stage")
        others = [1] * (rank - 2)
        noise = tf.transpose(noise, (1, 0, 2))
        return tf.reshape(noise, (self.draws, *others, -1, self.latent_dim))


def _seen(values, labels):
    return (values,) if labels is None else (values, labels)
