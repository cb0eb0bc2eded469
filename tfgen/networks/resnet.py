"""Residual networks for images of any size."""

import math

import keras

from tfgen.networks import parts

RANKS = (3,)
layers = keras.layers


def encoder(input_shape, outputs, num_classes=None, *, filters=None, blocks=1):
    """Residual blocks, halving the image between stages.

    `filters` names the width of each stage, `blocks` how many residual blocks
    each has. Group normalisation keeps examples apart, as row-wise serving
    and exact multi-device training want it.

    Reference:
        He et al. (2016), "Identity mappings in deep residual networks".
    """
    inputs, h = parts.data_input(input_shape, num_classes)
    widths = filters or _default_filters(input_shape)
    h = layers.Conv2D(widths[0], 3, padding="same")(h)
    for width in widths:
        h = layers.Conv2D(width, 3, strides=2, padding="same")(h)
        for _ in range(blocks):
            h = _residual(h, width)
    h = layers.Activation("silu")(_normalise(h))
    h = layers.Dense(outputs)(layers.Flatten()(h))
    return keras.Model(inputs, parts.output(h), name="encoder")


def decoder(
    output_shape,
    latent_dim,
    num_classes=None,
    output_activation="linear",
    *,
    filters=None,
    blocks=1,
):
    """The encoder's stages in reverse, with nearest-neighbour upsampling."""
    widths = tuple(filters or _default_filters(output_shape))
    sizes = parts.halved_sizes(output_shape, len(widths))
    start = (*sizes[-1], widths[-1])
    inputs, h = parts.latent_input(latent_dim, num_classes)
    h = layers.Dense(math.prod(start))(h)
    h = layers.Reshape(start)(h)
    for width, size in zip(widths[::-1], sizes[-2::-1], strict=True):
        for _ in range(blocks):
            h = _residual(h, width)
        h = parts.crop_to(layers.UpSampling2D()(h), size)
    h = layers.Activation("silu")(_normalise(h))
    h = layers.Conv2D(output_shape[-1], 3, padding="same")(h)
    return keras.Model(
        inputs, parts.output(h, output_activation), name="decoder"
    )


def _residual(x, width):
    shortcut = x
    if x.shape[-1] != width:
        shortcut = layers.Conv2D(width, 1)(x)
    h = layers.Activation("silu")(_normalise(x))
    h = layers.Conv2D(width, 3, padding="same")(h)
    h = layers.Activation("silu")(_normalise(h))
    # Zeros: every block starts as the identity.
    h = layers.Conv2D(width, 3, padding="same", kernel_initializer="zeros")(h)
    return layers.Add()([shortcut, h])


def _normalise(x):
    groups = math.gcd(x.shape[-1], 8)
    return layers.GroupNormalization(groups)(x)


def _default_filters(shape):
    times = max(1, math.ceil(math.log2(max(shape[:2]) / 7)))
    return [min(32 * 2**i, 128) for i in range(times)]
