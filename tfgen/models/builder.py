"""Models by name."""

import contextlib
import inspect
import random

from tfgen.models.gan import GAN
from tfgen.models.gan_networks import make_gan_parts
from tfgen.models.vae import VAE
from tfgen.models.vae_gan import VAEGAN
from tfgen.models.vae_gan_networks import make_vae_gan_parts
from tfgen.models.vae_networks import make_vae_parts
from tfgen.training.precision import precision_policy


def build(model=None, *, preset=None, input_shape=None, **options):
    """Builds a model from names.

    Args:
        model: `"vae"`, `"gan"` or `"vae_gan"`.
        preset: name of a preset (`tfgen.presets.names()`) instead of a model;
            other arguments that are given override it.
        input_shape: shape of one example, `(height, width, channels)` or
            `(features,)`.
        latent_dim: number of latent values; default 16, of a GAN 64, of a
            VAE-GAN 32.
        network: `"mlp"`, `"conv"`, `"dcgan"`, `"resnet"`; default: `"conv"`
            for images, `"mlp"` else.
        network_options: sizes of the networks, such as `{"units": (64,)}`.
        generator_options: of a GAN's generator alone.
        discriminator_options: of the discriminator alone, such as
            `{"spectral_norm": True}`.
        likelihood: a name, a `tfgen.probability.Likelihood` or a function
            that makes one; default: Bernoulli for grey images, Gaussian with
            a learned scale else, in a VAE-GAN by `"larsen"` a fixed one.
        output_activation: last activation of the decoder or generator;
            default: none, of a GAN for images and of a VAE-GAN for colour
            images tanh.
        networks: function of the input shape that makes `(encoder, decoder)`,
            `(generator, discriminator)` or `(encoder, decoder,
            discriminator)`, instead of networks by name.
        num_classes: makes the model class-conditional.
        conditioning: with a discriminator: `"concatenation"` of labels and
            inputs, or `"projection"` with conditional normalisation.
        precision: `"float32"` or `"mixed_bfloat16"`.
        seed: draws the initial weights too. Without it they are drawn, as
            for any Keras model, by `keras.utils.set_random_seed`.
        options: arguments of the model, such as `beta`.

    Returns:
        A model that is ready for `compile`.

    Raises:
        ValueError: for unknown names or sizes that do not fit.
    """
    if preset is not None:
        from tfgen import presets

        given = {"model": model, "input_shape": input_shape, **options}
        given = {key: v for key, v in given.items() if v is not None}
        return presets.get(preset).build(**given)
    if model not in BUILDERS:
        raise ValueError(
            f"model is {model!r}, expected one of {', '.join(BUILDERS)}."
        )
    input_shape = _check_input_shape(input_shape)
    latent_dim = options.get("latent_dim", 1)
    if not isinstance(latent_dim, int) or latent_dim < 1:
        raise ValueError(
            f"latent_dim is {latent_dim!r}, expected a whole number of 1 or "
            "more."
        )
    _check_options(model, options)
    precision = precision_policy(options.pop("precision", None))
    with precision, _seeded_initializers(options.get("seed")):
        return BUILDERS[model](input_shape, **options)


def _build_vae(
    input_shape,
    *,
    latent_dim=16,
    network=None,
    network_options=None,
    likelihood=None,
    output_activation=None,
    networks=None,
    num_classes=None,
    **model_options,
):
    encoder, decoder, likelihood = make_vae_parts(
        input_shape,
        latent_dim,
        network,
        network_options or {},
        likelihood,
        output_activation,
        networks,
        num_classes,
    )
    return VAE(
        encoder, decoder, likelihood, num_classes=num_classes, **model_options
    )


def _build_gan(
    input_shape,
    *,
    latent_dim=64,
    network=None,
    network_options=None,
    generator_options=None,
    discriminator_options=None,
    output_activation=None,
    networks=None,
    num_classes=None,
    conditioning="concatenation",
    packing=1,
    **model_options,
):
    generator, discriminator = make_gan_parts(
        input_shape,
        latent_dim,
        network,
        network_options or {},
        output_activation,
        networks,
        num_classes,
        generator_options=generator_options,
        discriminator_options=discriminator_options,
        conditioning=conditioning,
        packing=packing,
    )
    return GAN(
        generator,
        discriminator,
        num_classes=num_classes,
        packing=packing,
        **model_options,
    )


def _build_vae_gan(
    input_shape,
    *,
    latent_dim=32,
    network=None,
    network_options=None,
    discriminator_options=None,
    likelihood=None,
    objective="larsen",
    output_activation=None,
    networks=None,
    num_classes=None,
    conditioning="concatenation",
    **model_options,
):
    encoder, decoder, discriminator, likelihood = make_vae_gan_parts(
        input_shape,
        latent_dim,
        network,
        network_options or {},
        likelihood,
        output_activation,
        networks,
        num_classes,
        objective=objective,
        discriminator_options=discriminator_options,
        conditioning=conditioning,
    )
    return VAEGAN(
        encoder,
        decoder,
        discriminator,
        likelihood,
        objective,
        num_classes=num_classes,
        **model_options,
    )


BUILDERS = {"vae": _build_vae, "gan": _build_gan, "vae_gan": _build_vae_gan}
CLASSES = {"vae": VAE, "gan": GAN, "vae_gan": VAEGAN}


def _check_options(model, options):
    """Raises ValueError for what neither the builder nor the model takes."""
    known = {"precision"}
    for function in (BUILDERS[model], CLASSES[model].__init__):
        known |= set(inspect.signature(function).parameters)
    known -= {"self", "input_shape", "model_options", "kwargs"}
    known |= {"name"}
    for option in options:
        if option not in known:
            raise ValueError(
                f"the model {model!r} has no option {option!r}; it has "
                f"{', '.join(sorted(known))}."
            )


@contextlib.contextmanager
def _seeded_initializers(seed):
    """Draws initial weights by `seed`, leaving the caller's state as it was.

    Keras takes the seeds of initializers that have none from Python's random
    numbers, when a layer is made.
    """
    before = random.getstate()
    if seed is not None:
        random.seed(seed)
    try:
        yield
    finally:
        if seed is not None:
            random.setstate(before)


def _check_input_shape(shape):
    try:
        shape = tuple(int(size) for size in shape)
    except TypeError:
        shape = None
    if not shape or min(shape) < 1 or len(shape) not in (1, 3):
        raise ValueError(
            f"input_shape is {shape}, expected (height, width, channels) for "
            "images or (features,) for tables, for example source.shape."
        )
    return shape
