"""Priors, by name in `PRIORS`.

A new one is a class here, a line of `PRIORS` and its name in `__all__`.
"""

import functools
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.named_parts import get_part
from tfgen.probability import tfd
from tfgen.probability.autoregressive_prior import Autoregressive
from tfgen.probability.flow import Flow
from tfgen.probability.full_gaussians import full_gaussians
from tfgen.probability.latents import independent_normal, standard_normal
from tfgen.probability.prior import Prior
from tfgen.probability.two_stage import TwoStage

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

    from tfgen.data import Source

__all__ = [
    "PRIORS",
    "Autoregressive",
    "Flow",
    "GaussianMixture",
    "StandardNormal",
    "TwoStage",
    "VampPrior",
    "get_prior",
]

COVARIANCES = ("diagonal", "full")
IMPOSSIBLE = -1e9
"""The logit of a component that a class does not have."""
LEAST_QUANTILE = 1e-30


@keras.saving.register_keras_serializable(package="tfgen")
class StandardNormal(Prior):
    """Independent standard normal latents; nothing is learned.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2)
    >>> type(vae.prior).__name__
    'StandardNormal'
    """

    independent = True

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        return standard_normal(self.latent_dim)

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        return noise


class _Mixture(Prior):
    """Abstract: Gaussians, one of which is chosen for each latent.

    A subclass keeps `components`, their number, and gives `gaussians`,
    `_logits` of the components by label, and `_place`, which turns noise into
    draws of the components that were chosen.
    """

    choices = 1
    components: int

    def gaussians(self) -> "Distribution":
        """The components, a batch of `(components,)`."""
        raise NotImplementedError(type(self).__name__)

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=self._logits(labels)),
            self.gaussians(),
        )

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        chosen = self._chosen(noise[:, self.latent_dim], labels)
        return self._place(chosen, noise[:, : self.latent_dim])

    def _chosen(self, noise, labels):
        """The component at the noise's quantile of the weights."""
        ends = tf.cumsum(tf.nn.softmax(self._logits(labels)), axis=-1)
        quantile = tfd.Normal(0.0, 1.0).cdf(noise)[:, None]
        # Above 0, and no more than the rounded sum of all: there, too, a
        # component without weight is passed over.
        reached = tf.maximum(quantile, LEAST_QUANTILE) * ends[..., -1:]
        return tf.reduce_sum(tf.cast(ends < reached, tf.int32), axis=-1)

    def _check_components(self):
        if self.components < 1:
            raise ValueError(
                f"components is {self.components}, expected 1, 2, 3, ..."
            )


@keras.saving.register_keras_serializable(package="tfgen")
class GaussianMixture(_Mixture):
    """A learned mixture of Gaussians; each class weighs them in its own way.

    Formula: `log(sum_k(weight_yk * normal(z; mean_k, covariance_k)))`

    Args:
        components: number of Gaussians.
        covariance: `"diagonal"` or `"full"`.

    Raises:
        ValueError: for another covariance, or without a component.

    Reference:
        Dilokthanakul et al. (2016), "Deep unsupervised clustering with
        Gaussian mixture variational autoencoders", without its cluster
        variable in the encoder.

    Example:
    >>> prior = tfgen.probability.GaussianMixture(components=10)
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=prior)
    >>> vae.prior.gaussians().batch_shape
    TensorShape([10])
    """

    def __init__(
        self, components: int = 50, covariance: str = "diagonal", **kwargs
    ):
        super().__init__(**kwargs)
        self.components = components
        self.covariance = covariance
        self._check_components()
        if covariance not in COVARIANCES:
            raise ValueError(
                f"covariance is {covariance!r}, expected one of "
                f"{', '.join(COVARIANCES)}."
            )

    def make_weights(self) -> None:
        shape = (self.components, self.latent_dim)
        self.logits = self.add_weight(
            shape=(self.num_classes or 1, self.components),
            initializer="zeros",
            name="logits",
        )
        self.means = self.add_weight(
            shape=shape,
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="means",
        )
        full = self.covariance == "full"
        start = np.float32(np.log(np.expm1(1.0)))
        self.raw_scales = self.add_weight(
            shape=(*shape, self.latent_dim) if full else shape,
            initializer=_DiagonalStart(start, full),
            name="raw_scales",
        )

    def set_parameters(
        self, weights: np.ndarray, means: np.ndarray, scales: np.ndarray
    ) -> None:
        """Takes a mixture that was fitted elsewhere.

        Args:
            weights: of the components, `(components,)`, or by class
                `(num_classes, components)`; rows sum to 1, 0 is possible.
            means: `(components, latent_dim)`.
            scales: standard deviations `(components, latent_dim)`, or lower
                Cholesky factors `(components, latent_dim, latent_dim)` where
                the covariance is full.
        """
        weights = np.broadcast_to(weights, self.logits.shape)
        logs = np.full(weights.shape, IMPOSSIBLE)
        np.log(weights, out=logs, where=weights > 0)
        self.logits.assign(logs)
        self.means.assign(means)
        scales = np.array(scales, np.float64)
        diagonal = scales
        if self.covariance == "full":
            diagonal = np.einsum("kii->ki", scales)
        # Softplus's inverse, which does not overflow.
        diagonal += np.log(-np.expm1(-diagonal))
        self.raw_scales.assign(scales)

    def gaussians(self) -> "Distribution":
        means, scales = tf.convert_to_tensor(self.means), self._scales()
        if self.covariance == "full":
            return full_gaussians(means, scales)
        return independent_normal(means, scales)

    def _scales(self):
        raw = tf.convert_to_tensor(self.raw_scales)
        if self.covariance == "diagonal":
            return tf.nn.softplus(raw)
        lower = tf.linalg.band_part(raw, -1, 0)
        diagonal = tf.nn.softplus(tf.linalg.diag_part(raw))
        return tf.linalg.set_diag(lower, diagonal)

    def _place(self, chosen, noise):
        scales = tf.gather(self._scales(), chosen)
        if self.covariance == "full":
            noise = tf.linalg.matvec(scales, noise)
        else:
            noise *= scales
        return tf.gather(self.means, chosen) + noise

    def _logits(self, labels):
        logits = tf.convert_to_tensor(self.logits)
        return logits[0] if labels is None else labels @ logits


@keras.saving.register_keras_serializable(package="tfgen")
class VampPrior(_Mixture):
    """Mixture of the posteriors of examples that are learned: pseudo-inputs.

    Formula: `log(mean_k(q(z | u_k)))`

    In a conditional model each pseudo-input belongs to a class, the same
    number to each, and `p(z|y)` is the mixture of those of y.

    Args:
        components: number of pseudo-inputs u_k. Each step encodes them too.

    Raises:
        ValueError: without a component, or with fewer than there are classes.

    Reference:
        Tomczak and Welling (2018), "VAE with a VampPrior", equation 9.

    Example:
    >>> prior = tfgen.probability.VampPrior(components=20)
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2, prior=prior)
    >>> vae.prior.pseudo_inputs().shape
    TensorShape([20, 5])
    """

    def __init__(self, components: int = 200, **kwargs):
        super().__init__(**kwargs)
        self.components = components
        self._check_components()

    def set_model(self, model: keras.Model) -> None:
        # Within a function: the model's networks are no parts of the prior.
        self._encode = functools.partial(_encoded_by, model)
        self._shape, self._range = model.data_shape, model.data_range
        super().set_model(model)
        if self.components < (self.num_classes or 1):
            raise ValueError(
                f"components is {self.components}, expected one for each of "
                f"{self.num_classes} classes or more."
            )

    def make_weights(self) -> None:
        low, high = self._range or (-1.0, 1.0)
        self.raw_inputs = self.add_weight(
            shape=(self.components, *self._shape),
            initializer=keras.initializers.RandomUniform(low, high),
            # After each step: clipped on their way to the encoder, they would
            # stay outside for ever, where no gradient leads back.
            constraint=self._in_range,
            name="pseudo_inputs",
        )

    def start_at(self, source: "Source", seed: int = 0) -> None:
        """Takes training examples as the first pseudo-inputs."""
        order = np.random.default_rng(seed).permutation(len(source))
        groups = [order]
        if self.num_classes:
            labels = source.labels[order]
            groups = [order[labels == n] for n in range(self.num_classes)]
        chosen = np.resize(order, self.components)
        for number in range(self.components):
            rows = groups[number % len(groups)]
            if len(rows):  # a class may have no example
                place = number // len(groups) % len(rows)
                chosen[number] = rows[place]
        self.raw_inputs.assign(source.rows(chosen)[0])

    def pseudo_inputs(self) -> tf.Tensor:
        """Examples u_k in the data's range, `(components, *data_shape)`."""
        return tf.convert_to_tensor(self.raw_inputs)

    def _in_range(self, inputs):
        if self._range is None:
            return inputs
        return keras.ops.clip(inputs, *self._range)

    def gaussians(self) -> "Distribution":
        family, parameters = self._encoded()
        return family.distribution(parameters)

    def _encoded(self):
        return self._encode(self.pseudo_inputs(), self._classes())

    def _classes(self):
        if not self.num_classes:
            return None
        numbers = np.arange(self.components) % self.num_classes
        return tf.one_hot(numbers, self.num_classes)

    def _logits(self, labels):
        if labels is None:
            return tf.zeros(self.components)
        return IMPOSSIBLE * (1.0 - labels @ tf.transpose(self._classes()))

    def _place(self, chosen, noise):
        family, parameters = self._encoded()
        parameters = tf.nest.map_structure(
            lambda numbers: tf.gather(numbers, chosen), parameters
        )
        return family.draw(family.distribution(parameters), noise)[0]


PRIORS = {
    "standard_normal": StandardNormal,
    "gaussian_mixture": GaussianMixture,
    "vamp": VampPrior,
    "flow": Flow,
    "autoregressive": Autoregressive,
    "two_stage": TwoStage,
}
"""By name; a name stands for its class with the defaults."""


def get_prior(prior: str | dict | Prior) -> Prior:
    """A prior from its name, its config or itself.

    Raises:
        ValueError: for an unknown name.

    Example:
    >>> tfgen.probability.get_prior("vamp").components
    200
    """
    return get_part("prior", prior, PRIORS, Prior)


class _DiagonalStart(keras.initializers.Initializer):
    """One value on diagonals of matrices, or everywhere."""

    def __init__(self, value, is_matrix):
        self._value, self._is_matrix = value, is_matrix

    def __call__(self, shape, dtype=None):
        if not self._is_matrix:
            return tf.fill(shape, self._value)
        return tf.eye(shape[-1], batch_shape=shape[:1]) * self._value


def _encoded_by(model, x, labels):
    """The family of posteriors, and the encoder's numbers of examples."""
    return model.posterior_family, model.posterior_parameters(x, labels)
