"""Which networks fit together, and what their inputs and outputs are."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen.layers import BatchNormalization
from tfgen.layers.row_by_row import mixes_rows
from tfgen.models.generated_rows import GeneratedRows
from tfgen.models.given_columns import GivenColumns
from tfgen.probability import DiagonalPosterior, Likelihood, Posterior


def check_vae_parts(
    encoder: keras.Model,
    decoder: keras.Model,
    likelihood: Likelihood,
    num_classes: int | None,
    posterior: Posterior,
    given_columns: GivenColumns | None = None,
) -> tuple[tuple[int, ...], int]:
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    told = given_columns.size if given_columns else num_classes
    data_shape = first_input(encoder, "encoder", num_classes)
    latent_dim = only_axis(first_input(decoder, "decoder", told), "decoder")
    _check_encoder_output(encoder.output_shape, latent_dim, posterior)
    wanted = likelihood.decoder_shape(data_shape)
    came = tuple(decoder.output_shape[1:])
    if came != wanted:
        raise ValueError(
            f"the decoder gives {came}, expected {wanted}: what "
            f"{type(likelihood).__name__} takes for data of shape "
            f"{data_shape}. Change its last layer, or end it in "
            "keras.layers.Reshape."
        )
    likelihood.check_decoder(decoder)
    return data_shape, latent_dim


def check_gan_parts(
    generator: keras.Model,
    discriminator: keras.Model,
    num_classes: int | None,
    packing: int = 1,
    table: GeneratedRows | None = None,
) -> tuple[tuple[int, ...], int]:
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    if table and not num_classes and len(generator.inputs) == 2:
        num_classes = table.codes  # a condition stands in the label's place
    latent_dim = only_axis(
        first_input(generator, "generator", num_classes), "generator"
    )
    shape = seen = tuple(generator.output_shape[1:])
    if table is not None:
        _check_row_outputs(shape, table)
        shape, seen = (table.width,), (table.size,)
    check_discriminator(discriminator, seen, num_classes, packing)
    return shape, latent_dim


def check_vq_vae_parts(
    encoder: keras.Model,
    decoder: keras.Model,
    code_prior: keras.Model,
    likelihood: Likelihood,
    num_classes: int | None,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns `data_shape` and `(height, width, latent_dim)` of the codes.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    data_shape = first_input(encoder, "encoder", num_classes)
    grid = tuple(encoder.output_shape[1:])
    if len(grid) != 3:
        raise ValueError(
            f"the encoder gives {grid}, expected (height, width, latent_dim), "
            "a vector at each place of a grid: end it in a convolution."
        )
    places, codes = grid[:2], code_prior.output_shape[-1]
    for name, network, takes, gives in (
        ("decoder", decoder, grid, likelihood.decoder_shape(data_shape)),
        ("code_prior", code_prior, places, (*places, codes)),
    ):
        came = first_input(network, name, num_classes)
        output = tuple(network.output_shape[1:])
        if (came, output) != (takes, gives):
            raise ValueError(
                f"the {name} leads from {came} to {output}, expected from "
                f"{takes} to {gives}: make the networks fit."
            )
    likelihood.check_decoder(decoder)
    return data_shape, grid


def check_discriminator(
    discriminator: keras.Model,
    data_shape: tuple[int, ...],
    num_classes: int | None,
    packing: int = 1,
) -> None:
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


def check_layers(network: keras.Model, packing: int) -> None:
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


def has_batch_norm(network: keras.Model) -> bool:
    """Whether a layer of the network normalises over the batch."""
    return any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in network._flatten_layers(include_self=False)
    )


def why_not_row_wise(network: keras.Model) -> str | None:
    """Why the answers of a discriminator cannot be served, or None.

    Served, an example's answer must not depend on the others of its batch.
    """
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            return (
                f"its layer {layer.name!r} ({type(layer).__name__}) learns "
                "from batches of data and of generated examples apart, and "
                "one moving average cannot stand for both"
            )
        if mixes_rows(layer):
            return (
                f"its layer {layer.name!r} ({type(layer).__name__}) lets the "
                "examples of a batch see each other"
            )
    return None


def find_data_range(
    generator: keras.Model, data_range: tuple[float, float] | str | None
) -> tuple[float, float] | None:
    """`(low, high)`, by the last activation if `data_range` is "auto"."""
    if data_range != "auto":
        return None if data_range is None else tuple(map(float, data_range))
    activation = last_activation(generator)
    if activation is keras.activations.tanh:
        return (-1.0, 1.0)
    if activation is keras.activations.sigmoid:
        return (0.0, 1.0)
    return None


def first_input(
    network: keras.Model, role: str, num_classes: int | None
) -> tuple[int, ...]:
    """Shape of the first input, after a look at all of them.

    Raises:
        ValueError: for inputs that do not fit `num_classes`.
    """
    if not getattr(network, "built", False) or not network.inputs:
        raise ValueError(
            f"the {role} does not know its input shape: start it with "
            "keras.Input(shape)."
        )
    count = 2 if num_classes else 1
    if len(network.inputs) != count:
        wanted = (
            f"a conditional {role} takes two inputs, [data, one-hot labels]"
            if num_classes
            else f"the {role} takes one input"
        )
        raise ValueError(
            f"the {role} has {len(network.inputs)} input(s), but {wanted}: "
            "check num_classes."
        )
    if num_classes and network.inputs[1].shape[-1] != num_classes:
        raise ValueError(
            f"the {role}'s second input has shape "
            f"{tuple(network.inputs[1].shape)}, expected (None, {num_classes})"
            " for one-hot labels."
        )
    return tuple(network.inputs[0].shape[1:])


def with_labels(
    x: tf.Tensor, labels: tf.Tensor | None
) -> tf.Tensor | list[tf.Tensor]:
    """What a network takes: x, or [x, one-hot labels] if there are any."""
    return x if labels is None else [x, labels]


def last_activation(network: keras.Model) -> Callable | None:
    """The activation that the outputs have gone through last, or None."""
    layers = keras.layers
    shapes = (layers.Reshape, layers.Flatten, layers.Permute)
    for layer in reversed(network.layers):
        if isinstance(layer, keras.Model):
            return last_activation(layer)
        if not isinstance(layer, (*shapes, layers.Cropping2D)):
            return getattr(layer, "activation", None)
    return None


def only_axis(shape: tuple[int, ...], role: str) -> int:
    """The length of a rank-one shape.

    Raises:
        ValueError: for another rank.
    """
    if len(shape) != 1:
        raise ValueError(
            f"the {role} takes inputs of shape {shape}, expected "
            "(latent_dim,): start it with keras.Input((latent_dim,))."
        )
    return shape[0]


def _check_encoder_output(output_shape, latent_dim, posterior):
    numbers = posterior.parameters(latent_dim)
    pair = ""
    if isinstance(posterior, DiagonalPosterior):
        pair = f" (mean and log variance) or two of {(latent_dim,)}"
    if isinstance(output_shape, list):
        came = [tuple(shape[1:]) for shape in output_shape]
        fits = pair and came == [(latent_dim,)] * 2
    else:
        came = tuple(output_shape[1:])
        fits = came == (numbers,)
    if not fits:
        raise ValueError(
            f"the encoder gives {came}, expected {(numbers,)}{pair} for a "
            f"decoder of {latent_dim} latents and "
            f"{type(posterior).__name__}: end it in "
            f"keras.layers.Dense({numbers})."
        )


def _check_row_outputs(shape, table):
    if shape != (table.outputs,):
        raise ValueError(
            f"the generator gives {shape}, expected {(table.outputs,)} for "
            "such columns: end it in "
            f"keras.layers.Dense({table.outputs})."
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
