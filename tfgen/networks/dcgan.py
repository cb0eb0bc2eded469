"""The networks of DCGAN, for images of any size.

Kernels start by He's rule, not by N(0, 0.02) as in the paper. Normalised
batches make the scale immaterial in training; inference, whose statistics
start at 0 and 1, is right from the first step by He's.

Reference:
    Radford et al. (2016), "Unsupervised representation learning with deep
    convolutional generative adversarial networks".
"""

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
    kernel_size=4,
    batch_norm=False,
    dropout=0.0,
    activation="leaky_relu",
):
    """Convolutions of stride 2 with LeakyReLU of slope 0.2.

    `filters` names the width of each; by default as many as bring the image
    down to 4 to 7 pixels, 64 wide and doubling up to 256. The paper
    normalises batches, but for the first layer: `batch_norm=True`. The
    answer on an example then depends on those beside it.
    """
    widths = tuple(filters or parts.doubling_widths(h.shape[1:], 64, 256))
    for i, (name, width) in enumerate(parts.last_named(widths)):
        if name:
            h = tools.compare_rows(h)
        normalizes = batch_norm and i > 0
        h = tools.conv(
            width,
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not normalizes,
            kernel_initializer="he_normal",
        )(h)
        if normalizes:
            h = tools.batch_normalize(h)
        h = layers.Activation(activation, name=name)(h)
        h = tools.dropout(h, dropout)
    return layers.Flatten()(h)


def decode(
    h,
    output_shape,
    tools,
    *,
    filters=None,
    kernel_size=4,
    activation="relu",
):
    """Transposed convolutions with batch normalisation and ReLU.

    `filters` as in the encoder, whose layers these are in reverse.
    """
    widths = tuple(filters or parts.doubling_widths(output_shape, 64, 256))
    sizes = parts.halved_sizes(output_shape, len(widths))
    start = (*sizes[-1], widths[-1])
    h = layers.Dense(
        math.prod(start), use_bias=False, kernel_initializer="lecun_normal"
    )(h)
    h = tools.batch_normalize(layers.Reshape(start)(h))
    h = layers.Activation(activation)(h)
    for width, size in zip(widths[-2::-1], sizes[-2:0:-1], strict=True):
        h = _up(h, width, kernel_size, size, use_bias=False)
        h = layers.Activation(activation)(tools.batch_normalize(h))
    return _up(h, output_shape[-1], kernel_size, sizes[0])


def _up(h, width, kernel_size, size, use_bias=True):
    h = layers.Conv2DTranspose(
        width,
        kernel_size,
        strides=2,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=parts.he_transposed(),
    )(h)
    return parts.crop_to(h, size)
