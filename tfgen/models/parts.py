"""Networks and likelihoods of each kind of model, made by name."""

import math
import warnings
from collections.abc import Callable, Sequence

import keras

from tfgen import networks as named_networks
from tfgen import probability
from tfgen.data.table_parts import TableParts
from tfgen.models.generated_rows import GeneratedRows
from tfgen.models.given_columns import GivenColumns
from tfgen.models.shown_data import shown_by
from tfgen.networks import code_grids
from tfgen.networks.code_prior import CodePrior
from tfgen.probability.levels import in_levels

# Without these the first generated images are all but constant.
_HE = {"activation": "leaky_relu", "kernel_initializer": "he_normal"}
DEFAULTS = {
    "mlp": _HE,
    "conv": _HE,
    "resnet": {"activation": "leaky_relu"},
    "dcgan": {},
}
DISCRIMINATOR_DEFAULTS = {"resnet": {"normalization": None}}
# Below the spread of pixels in [0, 1]: from 0.7 down, one number takes some
# thousand steps, and until then latents hardly pay. Grey images, which have a
# third of the values, do without: digits come out nearer to the data.
COLOUR_SCALE = 0.1
LARGE = 30_000_000
"""Parameters of a decoder that takes minutes for what others do in seconds."""
DISCRIMINATOR_ONLY = ("spectral_norm", "minibatch_stddev")


def make_vae_parts(
    input_shape: tuple[int, ...],
    *,
    latent_dim: int | None = None,
    latent_dims: Sequence[int] | str | None = None,
    top_down: bool = False,
    network: str | None = None,
    network_options: dict | None = None,
    likelihood: str | probability.Likelihood | Callable | None = None,
    posterior: str | probability.Posterior = "diagonal",
    output_activation: str | None = None,
    networks: Callable | None = None,
    num_classes: int | None = None,
    columns: Sequence[int | str] | None = None,
    given_columns: bool | None = None,
) -> tuple[keras.Model, keras.Model, probability.Likelihood]:
    """Returns `(encoder, decoder, likelihood)`; arguments as in `build`."""
    likelihood = find_likelihood(likelihood, input_shape, columns)
    told = _told_of(likelihood, given_columns, num_classes, networks)
    if latent_dims is not None:
        if latent_dim is not None:
            raise ValueError(
                f"latent_dim is {latent_dim} and latent_dims is "
                f"{latent_dims}: leave one out."
            )
        posterior, _ = in_levels(
            latent_dims, posterior, "standard_normal", top_down
        )
        latent_dim = sum(posterior.latent_dims)
    latent_dim = latent_dim or 16
    if networks is not None:
        return (*_made_by(networks, input_shape), likelihood)
    network = network or named_networks.recommended_network(input_shape)
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options or {}
    )
    encoder = make_encoder(
        network,
        input_shape,
        latent_dim,
        num_classes,
        for_encoder,
        posterior,
        columns,
    )
    decoder = named_networks.build_decoder(
        network,
        likelihood.decoder_shape(input_shape),
        latent_dim,
        told,
        output_activation or "linear",
        **for_decoder,
    )
    _say_if_large(decoder, likelihood, input_shape)
    return encoder, decoder, likelihood


def make_gan_parts(
    input_shape: tuple[int, ...],
    *,
    latent_dim: int = 64,
    network: str | None = None,
    network_options: dict | None = None,
    generator_options: dict | None = None,
    discriminator_options: dict | None = None,
    output_activation: str | None = None,
    networks: Callable | None = None,
    num_classes: int | None = None,
    conditioning: str = "concatenation",
    packing: int = 1,
    columns: Sequence[int | str] | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Returns `(generator, discriminator)`.

    Args:
        input_shape: of one example.
        latent_dim: number of latent values.
        network: name of both networks, or None for the recommended one.
        network_options: for both networks, each of which takes those that it
            knows; `spectral_norm` and `minibatch_stddev` are the
            discriminator's.
        output_activation: of the generator; None: tanh for images.
        networks: function of the input shape that makes both instead.
        num_classes: of the labels, or None.
        generator_options: for the generator alone.
        discriminator_options: for the discriminator alone.
        conditioning: `"concatenation"`: labels lie beside the inputs;
            `"projection"`: a projection discriminator, and a generator whose
            normalisations are conditional where it has any.
        packing: examples that the discriminator sees side by side on the last
            axis, and their labels (Lin et al., 2018, "PacGAN").
        columns: of a mixed table, whose codes both have as one-hot vectors;
            without classes both are told a condition (Xu et al., 2019).

    Raises:
        ValueError: for options that neither network knows, or that exclude
            each other.
    """
    if networks is not None:
        refuse_beside_networks(
            network=network,
            network_options=network_options,
            generator_options=generator_options,
            discriminator_options=discriminator_options,
            output_activation=output_activation,
        )
        return _made_by(networks, input_shape)
    network = network or named_networks.recommended_network(input_shape)
    if output_activation is None:
        output_activation = "tanh" if len(input_shape) == 3 else "linear"
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options or {}
    )
    check_conditioning(conditioning, num_classes, packing)
    output_shape, told = input_shape, num_classes
    if columns is not None:
        rows = GeneratedRows(columns)
        output_shape, input_shape = (rows.outputs,), (rows.size,)
        told = num_classes or rows.codes or None
    generator = make_generator(
        network,
        output_shape,
        latent_dim,
        {**for_decoder, **(generator_options or {})},
        output_activation,
        told,
        conditioning,
    )
    discriminator = make_discriminator(
        network,
        input_shape,
        {**for_encoder, **(discriminator_options or {})},
        told,
        conditioning,
        packing,
    )
    return generator, discriminator


def make_vae_gan_parts(
    input_shape: tuple[int, ...],
    *,
    latent_dim: int = 32,
    network: str | None = None,
    network_options: dict | None = None,
    discriminator_options: dict | None = None,
    likelihood: str | probability.Likelihood | Callable | None = None,
    posterior: str | probability.Posterior = "diagonal",
    objective: str = "larsen",
    output_activation: str | None = None,
    networks: Callable | None = None,
    num_classes: int | None = None,
    conditioning: str = "concatenation",
    columns: Sequence[int | str] | None = None,
    given_columns: bool | None = None,
) -> tuple[keras.Model, keras.Model, keras.Model, probability.Likelihood]:
    """Returns `(encoder, decoder, discriminator, likelihood)`.

    Arguments as in `build`; encoder and decoder know the same options as
    those of a VAE, the discriminator those of a GAN's.
    """
    if likelihood is None and columns is None:
        likelihood = _recommended_likelihood(input_shape, objective)
        if likelihood.data_range == (-1.0, 1.0) and networks is None:
            output_activation = output_activation or "tanh"
    likelihood = find_likelihood(likelihood, input_shape, columns)
    told = _told_of(likelihood, given_columns, num_classes, networks)
    if networks is not None:
        refuse_beside_networks(
            network=network,
            network_options=network_options,
            discriminator_options=discriminator_options,
            output_activation=output_activation,
        )
        return (*_made_by(networks, input_shape), likelihood)
    check_conditioning(conditioning, num_classes, 1)
    network = network or named_networks.recommended_network(input_shape)
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options or {}
    )
    of_discriminator = {**for_encoder, **(discriminator_options or {})}
    for_encoder = {
        k: v for k, v in for_encoder.items() if k not in DISCRIMINATOR_ONLY
    }
    encoder = make_encoder(
        network,
        input_shape,
        latent_dim,
        num_classes,
        for_encoder,
        posterior,
        columns,
    )
    decoder = make_generator(
        network,
        likelihood.decoder_shape(input_shape),
        latent_dim,
        for_decoder,
        output_activation or "linear",
        told,
        conditioning,
    )
    decoder.name = "decoder"
    shown = shown_by(likelihood, input_shape).shape
    discriminator = make_discriminator(
        network, shown, of_discriminator, num_classes, conditioning
    )
    return encoder, decoder, discriminator, likelihood


def make_vq_vae_parts(
    input_shape: tuple[int, ...],
    *,
    latent_dim: int = 32,
    num_codes: int = 256,
    network: str | None = None,
    network_options: dict | None = None,
    code_prior_options: dict | None = None,
    likelihood: str | probability.Likelihood | Callable | None = None,
    num_classes: int | None = None,
) -> tuple[keras.Model, keras.Model, keras.Model, probability.Likelihood]:
    """Returns `(encoder, decoder, code_prior, likelihood)`.

    Args:
        input_shape: of one example, an image.
        latent_dim: length of a code's vector.
        num_codes: how many codes there are.
        network: `"conv"` or `"resnet"`; None: `"conv"`.
        network_options: of encoder and decoder, such as `filters`, a width
            for each halving.
        code_prior_options: `filters`, `blocks` and `kernel_size` of the
            network along the codes.
        likelihood: as in `build`.
        num_classes: of the labels, or None.

    Raises:
        ValueError: for what is no image, or other networks.
    """
    network = network or "conv"
    if len(input_shape) != 3 or network not in code_grids.GRID_NETWORKS:
        raise ValueError(
            f"a VQ-VAE is for images (height, width, channels) and the "
            f"networks {', '.join(code_grids.GRID_NETWORKS)}, got data of "
            f"shape {input_shape} and network={network!r}: build a model 'vae'."
        )
    likelihood = find_likelihood(likelihood, input_shape)
    defaults = {"filters": code_grids.default_filters(input_shape), **_HE}
    if network == "resnet":
        defaults = {"filters": defaults["filters"]}
    options = {**defaults, **(network_options or {})}
    options.pop("units", None)  # of dense layers, which it has none of
    encoder = code_grids.build_grid_encoder(
        network, input_shape, latent_dim, num_classes, **options
    )
    grid = tuple(encoder.output_shape[1:])
    decoder = code_grids.build_grid_decoder(
        network,
        likelihood.decoder_shape(input_shape),
        grid,
        num_classes,
        **options,
    )
    code_prior = CodePrior(
        grid[:2], num_codes, num_classes, **(code_prior_options or {})
    )
    return encoder, decoder, code_prior, likelihood


def find_likelihood(
    likelihood: str | probability.Likelihood | Callable | None,
    input_shape: tuple[int, ...],
    columns: Sequence[int | str] | None = None,
) -> probability.Likelihood:
    """The likelihood that was named or made, by default by the data's shape.

    Raises:
        ValueError: for one that is none of a mixed table's rows.
    """
    if columns is not None:
        return _likelihood_of_table(likelihood, columns)
    is_image = len(input_shape) == 3
    is_grey = is_image and input_shape[-1] == 1
    if likelihood is None:
        likelihood = "bernoulli" if is_grey else "gaussian"
    if likelihood == "gaussian" and is_image and not is_grey:
        return probability.Gaussian(initial_scale=COLOUR_SCALE)
    if callable(likelihood) and not isinstance(
        likelihood, probability.Likelihood
    ):
        likelihood = likelihood()
    return probability.get(likelihood)


def make_encoder(
    network: str,
    input_shape: tuple[int, ...],
    latent_dim: int,
    num_classes: int | None,
    options: dict,
    posterior: str | probability.Posterior = "diagonal",
    columns: Sequence[int | str] | None = None,
) -> keras.Model:
    """A network by name, to the parameters of the posterior."""
    outputs = probability.get_posterior(posterior).parameters(latent_dim)
    return named_networks.build_encoder(
        network, input_shape, outputs, num_classes, columns, **options
    )


def make_generator(
    network: str,
    output_shape: tuple[int, ...],
    latent_dim: int,
    options: dict,
    output_activation: str | None,
    num_classes: int | None,
    conditioning: str = "concatenation",
) -> keras.Model:
    """A decoder by name, as a GAN wants it; see `make_gan_parts`."""
    options = {**_defaults(network, output_shape), **options}
    if conditioning == "projection" and _normalizes(network, options):
        options.setdefault("conditioning", "normalization")
    generator = named_networks.build_decoder(
        network,
        output_shape,
        latent_dim,
        num_classes,
        output_activation,
        **options,
    )
    generator.name = "generator"
    return generator


def make_discriminator(
    network: str,
    input_shape: tuple[int, ...],
    options: dict,
    num_classes: int | None,
    conditioning: str,
    packing: int = 1,
) -> keras.Model:
    """A discriminator by name; see `make_gan_parts`."""
    options = {
        **_defaults(network, input_shape),
        **DISCRIMINATOR_DEFAULTS.get(network, {}),
        **options,
    }
    if conditioning == "projection":
        options.setdefault("conditioning", "projection")
    discriminator = named_networks.build_encoder(
        network,
        (*input_shape[:-1], packing * input_shape[-1]),
        1,
        packing * num_classes if num_classes else None,
        **options,
    )
    discriminator.name = "discriminator"
    return discriminator


def _told_of(likelihood, given_columns, num_classes, networks):
    """Size of what the decoder is told beside latents, or None."""
    is_table = isinstance(likelihood, probability.Table) and likelihood.columns
    reason = None
    if not is_table:
        reason = "the data are no mixed table"
    elif num_classes:
        reason = "the model is told classes"
    elif networks is not None:
        reason = "networks of your own say themselves what they are told"
    if given_columns and reason:
        raise ValueError(f"given_columns is true, but {reason}: leave it out.")
    if reason or given_columns is False:
        return num_classes
    return GivenColumns(TableParts(likelihood.columns)).size


def _say_if_large(decoder, likelihood, input_shape):
    """Says it where many parameters are the likelihood's doing."""
    values = math.prod(input_shape)
    numbers = math.prod(likelihood.decoder_shape(input_shape))
    if decoder.count_params() > LARGE and numbers > 2 * values:
        warnings.warn(
            f"the decoder has {decoder.count_params():,} parameters, for "
            f"{type(likelihood).__name__} takes {numbers // values} numbers a "
            "value: pass likelihood='discretized_logistic' or fewer levels, "
            "network='conv', or narrower layers.",
            stacklevel=6,
        )


def _recommended_likelihood(input_shape, objective):
    """With larsen it trains nothing, and only says how near x~ is to x."""
    is_image = len(input_shape) == 3
    if is_image and input_shape[-1] == 1:
        return probability.Bernoulli()
    scale = 0.5**0.5 if objective == "larsen" else "learned"
    return probability.Gaussian(scale, (-1.0, 1.0) if is_image else None)


def _likelihood_of_table(likelihood, columns):
    if likelihood in (None, "table"):
        return probability.Table(columns)
    found = find_likelihood(likelihood, (len(columns),))
    if isinstance(found, probability.Table):
        config = {**found.get_config(), "columns": tuple(columns)}
        return found if found.columns else probability.Table.from_config(config)
    raise ValueError(
        f"likelihood, the preset's if none was given, is "
        f"{type(found).__name__}, but the table has texts, gaps or dates "
        "beside numbers: pass likelihood='table'."
    )


def refuse_beside_networks(**options) -> None:
    """Raises ValueError for options that `networks` would leave without use."""
    for name, value in options.items():
        if value:
            raise ValueError(
                f"networks and {name}={value!r} were given: leave one out."
            )


def check_conditioning(
    conditioning: str, num_classes: int | None, packing: int
) -> None:
    """Raises ValueError for what the networks cannot condition on."""
    if conditioning not in ("concatenation", "projection"):
        raise ValueError(
            f"conditioning is {conditioning!r}, expected 'concatenation' or "
            "'projection'."
        )
    if conditioning == "projection" and not num_classes:
        raise ValueError(
            "conditioning is 'projection', but there are no classes: pass "
            "num_classes, or leave conditioning out."
        )
    if conditioning == "projection" and packing > 1:
        raise ValueError(
            f"conditioning is 'projection' with packing={packing}, but one "
            "logit for several examples has no class of its own: use "
            "conditioning='concatenation', or packing=1."
        )


def _defaults(network, shape):
    defaults = DEFAULTS[network]
    if len(shape) == 1:
        # Points in the plane are learned better from small weights.
        return {**defaults, "kernel_initializer": "glorot_uniform"}
    return defaults


def _normalizes(network, options):
    return network == "dcgan" or (
        network == "resnet" and options.get("normalization", "group")
    )


def _made_by(networks, input_shape):
    if not callable(networks):
        raise ValueError(
            f"networks is of type {type(networks).__name__}, expected a "
            "function of the input shape that makes them: for networks that "
            "are there, call the model's class, as in "
            "tfgen.VAE(encoder, decoder)."
        )
    return networks(input_shape)
