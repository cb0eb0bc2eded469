"""Generator and discriminator of a GAN, made and checked to fit."""

from tfgen import networks as named_networks
from tfgen.models.network_inputs import first_input, only_axis


def make_gan_parts(
    input_shape,
    latent_dim,
    network,
    network_options,
    output_activation,
    networks,
    num_classes,
):
    """Returns `(generator, discriminator)`; arguments as in `build`."""
    if networks is not None:
        return networks(input_shape)
    network = network or named_networks.recommended_network(input_shape)
    if output_activation is None:
        output_activation = "tanh" if len(input_shape) == 3 else "linear"
    if network in ("mlp", "conv"):
        network_options = {"activation": "leaky_relu", **network_options}
    generator = named_networks.build_decoder(
        network,
        input_shape,
        latent_dim,
        num_classes,
        output_activation,
        **network_options,
    )
    discriminator = named_networks.build_encoder(
        network, input_shape, 1, num_classes, **network_options
    )
    generator.name, discriminator.name = "generator", "discriminator"
    return generator, discriminator


def check_gan_parts(generator, discriminator, num_classes):
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    data_shape = first_input(discriminator, "discriminator", num_classes)
    latent_dim = only_axis(
        first_input(generator, "generator", num_classes), "generator"
    )
    came = tuple(generator.output_shape[1:])
    if came != data_shape:
        raise ValueError(
            f"the generator gives {came}, but the discriminator takes "
            f"{data_shape}: make the two shapes the same."
        )
    output = tuple(discriminator.output_shape[1:])
    if output != (1,):
        raise ValueError(
            f"the discriminator gives {output}, expected (1,), a logit: end "
            "it in keras.layers.Dense(1)."
        )
    last = getattr(discriminator.layers[-1], "activation", None)
    if getattr(last, "__name__", "linear") == "sigmoid":
        raise ValueError(
            "the discriminator ends in a sigmoid, but its output is read as "
            "a logit: remove the activation."
        )
    return data_shape, latent_dim
