"""Fully connected networks, for tables, points and small images."""

import math

import keras

from tfgen.networks import parts

RANKS = (1, 2, 3)
layers = keras.layers


def encoder(
    input_shape,
    outputs,
    num_classes=None,
    *,
    units=(512, 256),
    activation="relu",
):
    """Dense layers of `units` widths, then `outputs` numbers."""
    x = keras.Input(input_shape, name="x")
    inputs, h = x, layers.Flatten()(x)
    if num_classes:
        label = keras.Input((num_classes,), name="label")
        inputs, h = [x, label], layers.Concatenate()([h, label])
    for width in units:
        h = layers.Dense(width, activation=activation)(h)
    h = layers.Dense(outputs)(h)
    return keras.Model(inputs, parts.output(h), name="encoder")


def decoder(
    output_shape,
    latent_dim,
    num_classes=None,
    output_activation="linear",
    *,
    units=(512, 256),
    activation="relu",
):
    """Dense layers of `units` widths in reverse, then the data's shape."""
    inputs, h = parts.latent_input(latent_dim, num_classes)
    for width in reversed(units):
        h = layers.Dense(width, activation=activation)(h)
    h = layers.Dense(math.prod(output_shape))(h)
    h = layers.Reshape(output_shape)(h)
    return keras.Model(
        inputs, parts.output(h, output_activation), name="decoder"
    )
