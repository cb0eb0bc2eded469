"""Convolutional networks for images of any size."""

import math

import keras

from tfgen.networks import parts

RANKS = (3,)
layers = keras.layers


def encoder(
    input_shape,
    outputs,
    num_classes=None,
    *,
    filters=None,
    units=256,
    activation="relu",
):
    """Convolutions of stride 2, a dense layer, then `outputs` numbers.

    `filters` names the width of each convolution; by default as many as bring
    the image down to 4 to 7 pixels, 32 wide and doubling up to 256.
    """
    inputs, h = parts.data_input(input_shape, num_classes)
    for width in filters or _default_filters(input_shape):
        h = layers.Conv2D(
            width, 3, strides=2, padding="same", activation=activation
        )(h)
    h = layers.Flatten()(h)
    h = layers.Dense(units, activation=activation)(h)
    h = layers.Dense(outputs)(h)
    return keras.Model(inputs, parts.output(h), name="encoder")


def decoder(
    output_shape,
    latent_dim,
    num_classes=None,
    output_activation="linear",
    *,
    filters=None,
    units=256,
    activation="relu",
):
    """The encoder's layers in reverse, with transposed convolutions."""
    widths = tuple(filters or _default_filters(output_shape))
    sizes = parts.halved_sizes(output_shape, len(widths))
    start = (*sizes[-1], widths[-1])
    inputs, h = parts.latent_input(latent_dim, num_classes)
    h = layers.Dense(units, activation=activation)(h)
    h = layers.Dense(math.prod(start), activation=activation)(h)
    h = layers.Reshape(start)(h)
    for width, size in zip(widths[::-1], sizes[-2::-1], strict=True):
        h = layers.Conv2DTranspose(
            width, 3, strides=2, padding="same", activation=activation
        )(h)
        h = parts.crop_to(h, size)
    h = layers.Conv2D(output_shape[-1], 3, padding="same")(h)
    return keras.Model(
        inputs, parts.output(h, output_activation), name="decoder"
    )


def _default_filters(shape):
    times = max(1, math.ceil(math.log2(max(shape[:2]) / 7)))
    return [min(32 * 2**i, 256) for i in range(times)]
