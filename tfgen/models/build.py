"""Models by name."""

from tfgen.models.families import get_family
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.preset import get_preset


def build(
    model: str | None = None,
    *,
    preset: str | None = None,
    input_shape: tuple[int, ...] | None = None,
    **options,
) -> GenerativeModel:
    """Builds a model from names.

    Args:
        model: `"vae"`, `"gan"`, `"vae_gan"` or another registered family.
        preset: name of a preset (`tfgen.presets.names()`) instead of a model;
            other arguments that are given override it.
        input_shape: shape of one example, `(height, width, channels)` or
            `(features,)`.
        options: those below, and arguments of the model, such as `beta`.

    Keyword Args:
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

    Returns:
        A model that is ready for `compile`.

    Raises:
        ValueError: for unknown names or sizes that do not fit.

    Example:
    >>> model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=4)
    >>> model.latent_dim
    4
    """
    if preset is not None:
        given = {"model": model, "input_shape": input_shape, **options}
        given = {key: v for key, v in given.items() if v is not None}
        return get_preset(preset).build(**given)
    return get_family(model).build(input_shape, **options)
