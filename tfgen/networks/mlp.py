"""Fully connected networks, for tables, points and small images."""

import math

import keras

from tfgen.networks import parts

layers = keras.layers


class MLP(parts.Network):
    """Dense layers of `units` widths, reversed in the decoder.

    With `uniform_latents` the decoder's first layer sees uniform numbers,
    which are cut into clusters along shorter borders than normal ones.
    """

    ranks = (1, 2, 3)
    flat = True

    @classmethod
    def encode(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        units: tuple[int, ...] = (512, 256),
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
    ) -> keras.KerasTensor:
        for name, width in parts.last_named(units):
            if name:
                h = tools.compare_rows(h)
            h = tools.dense(
                width,
                activation=activation,
                kernel_initializer=kernel_initializer,
                name=name,
            )(h)
        return h if units else tools.compare_rows(h)

    @classmethod
    def decode(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        units: tuple[int, ...] = (512, 256),
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
        uniform_latents: bool = False,
    ) -> keras.KerasTensor:
        if uniform_latents:
            h = layers.Activation(parts.normal_to_uniform)(h)
        for width in reversed(units):
            h = layers.Dense(
                width,
                activation=activation,
                kernel_initializer=kernel_initializer,
            )(h)
        h = layers.Dense(
            math.prod(output_shape), kernel_initializer=tools.last
        )(h)
        return layers.Reshape(output_shape)(h)
