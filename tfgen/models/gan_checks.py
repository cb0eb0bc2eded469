"""What fits together in a GAN, and what does not."""

import keras

from tfgen.layers import BatchNormalization
from tfgen.models.network_inputs import (
    first_input,
    last_activation,
    only_axis,
)


def check_gan_parts(generator, discriminator, num_classes, packing=1):
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    latent_dim = only_axis(
        first_input(generator, "generator", num_classes), "generator"
    )
    data_shape = tuple(generator.output_shape[1:])
    check_discriminator(discriminator, data_shape, num_classes, packing)
    return data_shape, latent_dim


def check_discriminator(discriminator, data_shape, num_classes, packing=1):
    """Raises ValueError if it does not judge data of this shape by a logit."""
    if packing < 1:
        raise ValueError(f"packing is {packing}, expected 1, 2, 3, ...")
    seen = first_input(
        discriminator,
        "discriminator",
        packing * num_classes if num_classes else None,
    )
    wanted = (*data_shape[:-1], packing * data_shape[-1])
    if seen != wanted:
        shown = f"{packing} of them side by side, {wanted}"
        raise ValueError(
            f"the generator gives {data_shape}, but the discriminator takes "
            f"{seen}, expected {shown if packing > 1 else wanted}: make the "
            "two fit."
        )
    _check_logit(discriminator)


def check_augmentation(augmentation, data_shape) -> None:
    """Raises ValueError for an augmentation of what is no image."""
    if augmentation is not None and len(data_shape) != 3:
        raise ValueError(
            f"augmentation={augmentation!r} is for images (height, width, "
            f"channels), got data of shape {data_shape}: leave it out."
        )


def check_numbers(
    discriminator_steps, average_decay, packing, feature_matching
) -> None:
    """Raises ValueError for arguments of a GAN that are out of range."""
    for name, value in (
        ("discriminator_steps", discriminator_steps),
        ("packing", packing),
    ):
        if value < 1:
            raise ValueError(f"{name} is {value}, expected 1, 2, 3, ...")
    check_average_decay(average_decay)
    if feature_matching < 0.0:
        raise ValueError(
            f"feature_matching is {feature_matching}, expected 0 or more."
        )


def check_average_decay(average_decay) -> None:
    """Raises ValueError for what is no decay of a moving average."""
    if not 0.0 <= average_decay < 1.0:
        raise ValueError(
            f"average_decay is {average_decay}, expected from 0 to below 1."
        )


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
