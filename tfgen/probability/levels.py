"""Priors and posteriors of latents in several levels, top level first."""

import functools
import re
import types
import typing
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgen.probability.gaussian_network import GaussianNetwork
from tfgen.probability.latents import diagonal_gaussian, independent_normal
from tfgen.probability.posterior import Posterior
from tfgen.probability.posteriors import DiagonalPosterior, get_posterior
from tfgen.probability.prior import Prior
from tfgen.probability.priors import get_prior

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

    from tfgen.data import Source

__all__ = ["HierarchicalPosterior", "HierarchicalPrior", "LadderPosterior"]

UNITS = (256, 256)


class _InLevels(Posterior):
    """Abstract: chains whose top level's numbers an encoder gives first."""

    def draw(
        self, distribution: "Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return distribution.draw(noise)

    def divided(self, parameters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and log variance of the top level, and all else."""
        parameters = tf.cast(parameters, tf.float32)
        return _divided(parameters, 2 * self.latent_dims[0])


@keras.saving.register_keras_serializable(package="tfgen")
class HierarchicalPosterior(_InLevels):
    """Levels of diagonal Gaussians, each given the example and those above.

    The encoder gives mean and log variance of the top level, and a context
    vector that tells the networks of the other levels of the example. Mean
    and standard deviation, those of `encode`, are a level's given the means
    above it.

    Formula: `q(z|x) = q(z_1|x) q(z_2|x, z_1) ...`, z_1 the top level

    Args:
        latent_dims: sizes of the levels, from the top.
        units: of the hidden layers of each level's network.
        context_dim: length of the context vector.

    Raises:
        ValueError: for fewer than two levels, or numbers below 1.

    Reference:
        Tomczak and Welling (2018), "VAE with a VampPrior", section 4.

    Example:
    >>> posterior = tfgen.probability.HierarchicalPosterior((40, 40))
    >>> posterior.parameters(latent_dim=80)  # 2 * 40, and the context
    336
    """

    def __init__(
        self,
        latent_dims: Sequence[int],
        units: Sequence[int] = UNITS,
        context_dim: int = 256,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.latent_dims = level_sizes(latent_dims)
        self.units = tuple(units)
        self.context_dim = context_dim
        _check_numbers(context_dim=context_dim, units=min(units, default=1))

    def make_weights(self) -> None:
        _check_sum(self)
        self._networks = [
            GaussianNetwork((above, self.context_dim), size, self.units)
            for above, size in _above_each(self.latent_dims)
        ]

    def parameters(self, latent_dim: int) -> int:
        return 2 * self.latent_dims[0] + self.context_dim

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        top, context = self.divided(parameters)
        return _chain(
            diagonal_gaussian(top), self._networks, self.latent_dims, context
        )


@keras.saving.register_keras_serializable(package="tfgen")
class LadderPosterior(_InLevels):
    """Levels inferred from the top down, by the networks of the prior.

    The encoder gives mean and log variance of all levels. Below the top they
    meet those that the prior has given the levels above, each weighed by its
    precision: so inference knows what the levels above say already, and a
    level about which the example says nothing is left to the prior.

    Formula: `q(z|x) = q(z_1|x) prod_l(normal(z_l; mean_l, variance_l))`,
        `1 / variance_l = 1 / v + 1 / w`,
        `mean_l = variance_l (m / v + n / w)`, with m and v of the encoder
        and n and w of `p(z_l|z_1, ..., z_(l-1))`

    Args:
        latent_dims: sizes of the levels, from the top.

    Raises:
        ValueError: for fewer than two levels, or numbers below 1.

    Reference:
        Sonderby et al. (2016), "Ladder variational autoencoders", equations
        17 to 19.

    Example:
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), latent_dims=(3, 2), top_down=True
    ... )
    >>> type(vae.posterior_family).__name__, vae.encoder.output_shape
    ('LadderPosterior', (None, 10))
    """

    of_encoder_alone = False

    def __init__(self, latent_dims: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.latent_dims = level_sizes(latent_dims)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self._prior = lambda: model.prior  # a model may get another one

    def make_weights(self) -> None:
        _check_sum(self)

    def parameters(self, latent_dim: int) -> int:
        return 2 * latent_dim

    def with_labels(
        self, parameters: tf.Tensor, labels: tf.Tensor | None
    ) -> tf.Tensor:
        """The classes, which the prior's networks see, behind the numbers."""
        if labels is None:
            return parameters
        return _beside(tf.cast(parameters, tf.float32), labels)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        parameters = tf.cast(parameters, tf.float32)
        numbers, labels = _divided(parameters, 2 * sum(self.latent_dims))
        top, *others = tf.split(
            numbers, [2 * size for size in self.latent_dims], axis=-1
        )
        labels = labels if labels.shape[-1] else None

        def met(network, own, above):
            return _product(
                diagonal_gaussian(own), network.gaussian(*_given(above, labels))
            )

        networks = self._prior().level_networks()
        return _chain_of(
            diagonal_gaussian(top),
            [
                functools.partial(met, network, own)
                for network, own in zip(networks, others, strict=True)
            ],
            self.latent_dims,
        )


@keras.saving.register_keras_serializable(package="tfgen")
class HierarchicalPrior(Prior):
    """Levels of diagonal Gaussians, each given those above; a prior on top.

    It begins with standard normal levels below the top.

    Formula: `p(z) = p(z_1) p(z_2|z_1) ...`, z_1 the top level

    Args:
        latent_dims: sizes of the levels, from the top.
        top: p(z_1), a name or a `Prior`.
        units: of the hidden layers of each level's network.

    Raises:
        ValueError: for fewer than two levels, or numbers below 1.

    Reference:
        Tomczak and Welling (2018), "VAE with a VampPrior", section 4.

    Example:
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), latent_dims=(3, 2), prior="vamp"
    ... )
    >>> type(vae.prior).__name__, type(vae.prior.top).__name__
    ('HierarchicalPrior', 'VampPrior')
    """

    def __init__(
        self,
        latent_dims: Sequence[int],
        top: str | dict | Prior = "standard_normal",
        units: Sequence[int] = UNITS,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.latent_dims = level_sizes(latent_dims)
        self.top = get_prior(top)
        self.units = tuple(units)
        _check_numbers(units=min(units, default=1))

    @property
    def choices(self) -> int:
        return self.top.choices

    def level_networks(self) -> Sequence["GaussianNetwork"]:
        """Those of the levels below the top."""
        return self._networks

    def of_top_level(self) -> Prior:
        return self.top

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self._of_top = _top_of(model, self.latent_dims[0])
        self.set_top(self.top)

    def set_top(self, top: str | dict | Prior) -> None:
        """Takes another p(z_1)."""
        self.top = get_prior(top)
        self.top.set_model(self._of_top)

    def make_weights(self) -> None:
        _check_sum(self)
        labels = (self.num_classes,) if self.num_classes else ()
        self._networks = [
            GaussianNetwork((above, *labels), size, self.units, "zeros")
            for above, size in _above_each(self.latent_dims)
        ]

    def start_at(self, source: "Source", seed: int = 0) -> None:
        self.top.start_at(source, seed)

    def distribution(self, labels: tf.Tensor | None = None) -> "Distribution":
        top = self.top.distribution(labels)
        return _chain(top, self._networks, self.latent_dims, labels)

    def from_normal(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        top, *others, choices = tf.split(
            noise, [*self.latent_dims, self.choices], axis=-1
        )
        latents = self.top.from_normal(tf.concat([top, choices], -1), labels)
        for network, values in zip(self._networks, others, strict=True):
            level = network.gaussian(*_given(latents, labels))
            values = level.mean() + level.stddev() * values
            latents = tf.concat([latents, values], axis=-1)
        return latents

    def get_config(self) -> dict:
        top = keras.saving.serialize_keras_object(self.top)
        return {**super().get_config(), "top": top}


def in_levels(
    latent_dims: Sequence[int] | str,
    posterior: str | Posterior,
    prior: str | Prior,
    top_down: bool = False,
) -> tuple[HierarchicalPosterior | LadderPosterior, HierarchicalPrior]:
    """Posterior and prior of several levels, of what each level has.

    Raises:
        ValueError: for another posterior than the diagonal one.
    """
    sizes = level_sizes(latent_dims)
    if not isinstance(posterior, _InLevels):
        family = get_posterior(posterior)
        if not isinstance(family, DiagonalPosterior):
            raise ValueError(
                f"the posterior is {type(family).__name__}, but latents in "
                "levels have diagonal Gaussians: leave out one of posterior "
                "and latent_dims."
            )
        made = LadderPosterior if top_down else HierarchicalPosterior
        posterior = made(sizes)
    if not isinstance(prior, HierarchicalPrior):
        prior = HierarchicalPrior(sizes, prior)
    for part in (posterior, prior):
        if part.latent_dims != sizes:
            raise ValueError(
                f"latent_dims is {sizes}, but {type(part).__name__} has the "
                f"levels {part.latent_dims}: make them the same."
            )
    return posterior, prior


def level_sizes(latent_dims: Sequence[int] | str) -> tuple[int, ...]:
    """Sizes of levels, from numbers or from a text such as `"40-40"`.

    Raises:
        ValueError: for fewer than two, or one below 1.

    >>> level_sizes("40-20"), level_sizes([40, 20])
    ((40, 20), (40, 20))
    """
    sizes = latent_dims
    try:
        if isinstance(sizes, str):
            sizes = re.split("[-,x]", sizes)
        sizes = tuple(map(int, sizes))
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"latent_dims is {latent_dims!r}, expected the sizes of two levels "
            "or more, from the top, such as (40, 40)."
        )
    return sizes


def level_names(levels: Sequence) -> dict[str, typing.Any]:
    """What is known of each level, by the names of the logs.

    >>> level_names([1.5, 0.5])
    {'kl_loss_1': 1.5, 'kl_loss_2': 0.5}
    """
    return {f"kl_loss_{n}": level for n, level in enumerate(levels, 1)}


def _chain(top, networks, sizes, beside):
    """Levels given those above, and given what else lies beside them."""

    def following(network, above):
        return network.gaussian(*_given(above, beside))

    functions = [functools.partial(following, each) for each in networks]
    return _chain_of(top, functions, sizes)


def _chain_of(top, functions, sizes):
    # On first use, for it imports TensorFlow Probability.
    from tfgen.probability.chain import Chain

    return Chain(top, functions, sizes)


def _product(one, other):
    """The Gaussian whose density is that of both, multiplied."""
    precisions = [1.0 / each.variance() for each in (one, other)]
    variance = 1.0 / sum(precisions)
    mean = one.mean() * precisions[0] + other.mean() * precisions[1]
    return independent_normal(variance * mean, tf.sqrt(variance))


def _divided(values, size):
    return values[..., :size], values[..., size:]


def _beside(*parts):
    return tf.concat(parts, axis=-1)


def _given(above, beside):
    return (above,) if beside is None else (above, beside)


def _above_each(sizes):
    """Of each level below the top, the length of those above, and its own."""
    return [(sum(sizes[:n]), sizes[n]) for n in range(1, len(sizes))]


def _top_of(model, latent_dim):
    """What the top level's prior asks of a model."""
    family = DiagonalPosterior()
    family.set_model(types.SimpleNamespace(latent_dim=latent_dim))

    def parameters(x, labels):
        encoded = model.posterior_parameters(x, labels)
        return model.posterior_family.divided(encoded)[0]

    return types.SimpleNamespace(
        latent_dim=latent_dim,
        num_classes=model.num_classes,
        data_shape=model.data_shape,
        data_range=model.data_range,
        posterior_family=family,
        posterior_parameters=parameters,
    )


def _check_sum(density):
    if sum(density.latent_dims) != density.latent_dim:
        raise ValueError(
            f"the levels {density.latent_dims} have "
            f"{sum(density.latent_dims)} latents together, but the decoder "
            f"takes {density.latent_dim}: make the two fit."
        )


def _check_numbers(**numbers):
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}, expected 1 or more.")
