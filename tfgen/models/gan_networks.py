"""Generator and discriminator of a GAN, made by name."""

import keras

from tfgen import networks as named_networks
from tfgen.models.network_inputs import last_activation

# Without these the first generated images are all but constant.
_HE = {"activation": "leaky_relu", "kernel_initializer": "he_normal"}
DEFAULTS = {
    "mlp": _HE,
    "conv": _HE,
    "resnet": {"activation": "leaky_relu"},
    "dcgan": {},
}
DISCRIMINATOR_DEFAULTS = {"resnet": {"normalization": None}}


def make_gan_parts(
    input_shape,
    latent_dim,
    network,
    network_options,
    output_activation,
    networks,
    num_classes,
    *,
    generator_options=None,
    discriminator_options=None,
    conditioning="concatenation",
    packing=1,
):
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
        return networks(input_shape)
    network = network or named_networks.recommended_network(input_shape)
    if output_activation is None:
        output_activation = "tanh" if len(input_shape) == 3 else "linear"
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options
    )
    check_conditioning(conditioning, num_classes, packing)
    generator = make_generator(
        network,
        input_shape,
        latent_dim,
        {**for_decoder, **(generator_options or {})},
        output_activation,
        num_classes,
        conditioning,
    )
    discriminator = make_discriminator(
        network,
        input_shape,
        {**for_encoder, **(discriminator_options or {})},
        num_classes,
        conditioning,
        packing,
    )
    return generator, discriminator


def make_generator(
    network,
    output_shape,
    latent_dim,
    options,
    output_activation,
    num_classes,
    conditioning="concatenation",
):
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
    network, input_shape, options, num_classes, conditioning, packing=1
):
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


def refuse_beside_networks(**options):
    """Raises ValueError for options that `networks` would leave without use."""
    for name, value in options.items():
        if value:
            raise ValueError(
                f"networks and {name}={value!r} were given: leave one out."
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


def check_conditioning(conditioning, num_classes, packing) -> None:
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


def find_data_range(generator, data_range):
    """`(low, high)`, by the last activation if `data_range` is "auto"."""
    if data_range != "auto":
        return None if data_range is None else tuple(map(float, data_range))
    activation = last_activation(generator)
    if activation is keras.activations.tanh:
        return (-1.0, 1.0)
    if activation is keras.activations.sigmoid:
        return (0.0, 1.0)
    return None


def average_of(network):
    """A network of the same weights, for their moving average."""
    average = keras.models.clone_model(network)
    average.set_weights(network.get_weights())
    average.name = f"average_{network.name}"
    average.trainable = False
    return average
