"""Generator and discriminator of a GAN, made and checked to fit."""

import keras

from tfgen import networks as named_networks
from tfgen.layers import BatchNormalization
from tfgen.models.network_inputs import (
    first_input,
    last_activation,
    only_axis,
)

# Without these the first generated images are all but constant.
_HE = {"activation": "leaky_relu", "kernel_initializer": "he_normal"}
DEFAULTS = {
    "mlp": {"activation": "leaky_relu"},
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
        beside = {
            "network": network,
            "network_options": network_options,
            "generator_options": generator_options,
            "discriminator_options": discriminator_options,
            "output_activation": output_activation,
        }
        for name, value in beside.items():
            if value:
                raise ValueError(
                    f"networks and {name}={value!r} were given: leave one out."
                )
        return networks(input_shape)
    _check_conditioning(conditioning, num_classes, packing)
    network = network or named_networks.recommended_network(input_shape)
    if output_activation is None:
        output_activation = "tanh" if len(input_shape) == 3 else "linear"
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options
    )
    for_decoder = {
        **DEFAULTS[network],
        **for_decoder,
        **(generator_options or {}),
    }
    for_encoder = {
        **DEFAULTS[network],
        **DISCRIMINATOR_DEFAULTS.get(network, {}),
        **for_encoder,
        **(discriminator_options or {}),
    }
    if conditioning == "projection":
        for_encoder.setdefault("conditioning", "projection")
        if _normalizes(network, for_decoder):
            for_decoder.setdefault("conditioning", "normalization")
    generator = named_networks.build_decoder(
        network,
        input_shape,
        latent_dim,
        num_classes,
        output_activation,
        **for_decoder,
    )
    discriminator = named_networks.build_encoder(
        network,
        (*input_shape[:-1], packing * input_shape[-1]),
        1,
        packing * num_classes if num_classes else None,
        **for_encoder,
    )
    generator.name, discriminator.name = "generator", "discriminator"
    return generator, discriminator


def check_gan_parts(generator, discriminator, num_classes, packing=1):
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    if packing < 1:
        raise ValueError(f"packing is {packing}, expected 1, 2, 3, ...")
    seen = first_input(
        discriminator,
        "discriminator",
        packing * num_classes if num_classes else None,
    )
    latent_dim = only_axis(
        first_input(generator, "generator", num_classes), "generator"
    )
    came = tuple(generator.output_shape[1:])
    wanted = (*came[:-1], packing * came[-1])
    if seen != wanted:
        shown = f"{packing} of them side by side, {wanted}"
        raise ValueError(
            f"the generator gives {came}, but the discriminator takes {seen}, "
            f"expected {shown if packing > 1 else wanted}: make the two fit."
        )
    _check_logit(discriminator)
    return came, latent_dim


def why_not_row_wise(network) -> str | None:
    """Why the answers of a discriminator cannot be served, or None.

    Served, an example's answer must not depend on the others of its batch.
    """
    for layer in network._flatten_layers(include_self=False):
        if getattr(layer, "mixes_rows", False):
            return (
                f"its layer {layer.name!r} ({type(layer).__name__}) lets the "
                "examples of a batch see each other"
            )
        if isinstance(layer, keras.layers.BatchNormalization):
            return (
                f"its layer {layer.name!r} ({type(layer).__name__}) learns "
                "from batches of data and of generated examples apart, and "
                "one moving average cannot stand for both"
            )
    return None


def check_layers(network, packing) -> None:
    """Raises ValueError for layers that a GAN's step would get wrong."""
    for layer in network._flatten_layers(include_self=False):
        if getattr(layer, "activity_regularizer", None) is not None:
            raise ValueError(
                f"layer {layer.name!r} has an activity_regularizer, which "
                "would count the last of several passes alone: leave it out, "
                "or write a tfgen.losses.Penalty."
            )
        stock = isinstance(layer, keras.layers.BatchNormalization)
        if packing > 1 and stock and not isinstance(layer, BatchNormalization):
            raise ValueError(
                f"layer {layer.name!r} would count rows that fill up packs: "
                "use tfgen.layers.BatchNormalization."
            )


def has_batch_norm(network) -> bool:
    """Whether a layer of the network normalises over the batch."""
    return any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in network._flatten_layers(include_self=False)
    )


def _normalizes(network, options):
    return network == "dcgan" or (
        network == "resnet" and options.get("normalization", "group")
    )


def _check_conditioning(conditioning, num_classes, packing):
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


def _check_logit(discriminator):
    output = tuple(discriminator.output_shape[1:])
    if output != (1,):
        raise ValueError(
            f"the discriminator gives {output}, expected (1,), a logit: end "
            "it in keras.layers.Dense(1)."
        )
    last = last_activation(discriminator)
    if getattr(last, "__name__", "linear") == "sigmoid":
        raise ValueError(
            "the discriminator ends in a sigmoid, but its output is read as "
            "a logit: remove the activation."
        )
