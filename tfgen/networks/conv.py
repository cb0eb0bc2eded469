"""Convolutional networks for images of any size."""

import math

import keras

from tfgen.networks import parts

RANKS = (3,)
FLAT = False
layers = keras.layers


def encode(
    h,
    tools,
    *,
    filters=None,
    units=256,
    activation="relu",
    kernel_initializer="glorot_uniform",
):
    """Convolutions of stride 2, then a dense layer.

    `filters` names the width of each convolution; by default as many as bring
    the image down to 4 to 7 pixels, 32 wide and doubling up to 256.
    """
    common = {
        "activation": activation,
        "kernel_initializer": kernel_initializer,
    }
    widths = filters or parts.doubling_widths(h.shape[1:], 32, 256)
    for name, width in parts.last_named(widths):
        h = tools.conv(
            width, 3, strides=2, padding="same", name=name, **common
        )(h)
    h = layers.Flatten()(tools.compare_rows(h))
    return tools.dense(units, **common)(h)


def decode(
    h,
    output_shape,
    tools,
    *,
    filters=None,
    units=256,
    activation="relu",
    kernel_initializer="glorot_uniform",
):
    """The encoder's layers in reverse, with transposed convolutions.

    With `kernel_initializer="he_normal"` values keep their size from layer to
    layer. With Keras' own, they shrink by a half or more in each transposed
    convolution: to 0.01 for 28 pixels, to nothing for 256.
    """
    widths = tuple(filters or parts.doubling_widths(output_shape, 32, 256))
    sizes = parts.halved_sizes(output_shape, len(widths))
    start = (*sizes[-1], widths[-1])
    common = {
        "activation": activation,
        "kernel_initializer": kernel_initializer,
    }
    h = layers.Dense(units, **common)(h)
    h = layers.Dense(math.prod(start), **common)(h)
    h = layers.Reshape(start)(h)
    for width, size in zip(widths[::-1], sizes[-2::-1], strict=True):
        common["kernel_initializer"] = _transposed(kernel_initializer)
        h = layers.Conv2DTranspose(
            width, 3, strides=2, padding="same", **common
        )(h)
        h = parts.crop_to(h, size)
    return layers.Conv2D(output_shape[-1], 3, padding="same")(h)


def _transposed(kernel_initializer):
    if kernel_initializer == "he_normal":
        return parts.he_transposed()
    return kernel_initializer
