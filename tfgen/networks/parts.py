"""Parts that the networks share."""

import math

import keras

layers = keras.layers
FEATURES = "features"
"""Name of the inner layer by which a discriminator compares examples."""


def label_beside(x, label):
    """Data with the label beside it on the last axis.

    For images the label becomes constant channels.
    """
    if len(x.shape) == 4:
        label = layers.Reshape((1, 1, label.shape[-1]))(label)
        label = layers.UpSampling2D(x.shape[1:3])(label)
    return layers.Concatenate()([x, label])


def projection(logit, features, label, dense):
    """`logit + <V y, features>`, with one row of V a class.

    Reference:
        Miyato and Koyama (2018), "cGANs with projection discriminator",
        equation 3.
    """
    row = dense(features.shape[-1], use_bias=False)(label)
    return layers.Add()([logit, layers.Dot(axes=-1)([row, features])])


def output(h, activation="linear"):
    """The last activation, in float32 whatever the network computes in."""
    return layers.Activation(activation, dtype="float32", name="output")(h)


@keras.saving.register_keras_serializable(package="tfgen")
def normal_to_uniform(latents):
    """Standard normal numbers as uniform ones in (-1, 1): `erf(z / sqrt 2)`."""
    return keras.ops.erf(latents / math.sqrt(2.0))


def last_named(widths):
    """Pairs of a layer's name and width: the last one gives the features.

    >>> last_named([32, 64])
    [(None, 32), ('features', 64)]
    """
    names = [None] * len(widths)
    return list(zip(names[:-1] + [FEATURES], widths, strict=False))


def doubling_widths(shape, first, most):
    """A width for each halving that brings an image to 4 to 7 pixels.

    >>> doubling_widths((64, 64, 3), 32, 128)
    [32, 64, 128, 128]
    """
    times = max(1, math.ceil(math.log2(max(shape[:2]) / 7)))
    return [min(first * 2**i, most) for i in range(times)]


def he_transposed():
    """He's initializer for transposed convolutions of stride 2.

    A pixel sees a quarter of such a kernel. (Keras calls the inputs of a
    transposed convolution its outputs.)
    """
    return keras.initializers.VarianceScaling(2.0 * 4.0, "fan_out")


def halved_sizes(shape, times):
    """Image sizes from the data's down, each half the one before, rounded up.

    >>> halved_sizes((28, 28, 1), 3)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    sizes = [tuple(shape[:2])]
    for _ in range(times):
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes


def crop_to(h, size):
    """Cuts a row or column that rounding up has added."""
    extra = [have - want for have, want in zip(h.shape[1:3], size, strict=True)]
    if not any(extra):
        return h
    return layers.Cropping2D([(0, extra[0]), (0, extra[1])])(h)
