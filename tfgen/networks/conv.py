"""Convolutional networks for images of any size: a plain one and DCGAN's."""

import math

import keras

from tfgen.networks import parts

layers = keras.layers


class Conv(parts.Network):
    """Convolutions of stride 2 and a dense layer, reversed in the decoder.

    `filters` names the width of each convolution; by default as many as bring
    the image down to 4 to 7 pixels, 32 wide and doubling up to 256.

    With `kernel_initializer="he_normal"` the decoder's values keep their size
    from layer to layer. With Keras' own, they shrink by a half or more in
    each transposed convolution: to 0.01 for 28 pixels, to nothing for 256.
    """

    widths = (32, 256)

    @classmethod
    def encode(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        units: int = 256,
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
    ) -> keras.KerasTensor:
        common = {
            "activation": activation,
            "kernel_initializer": kernel_initializer,
        }
        h = cls.shrink(h, tools, filters=filters, **common)
        h = layers.Flatten()(tools.compare_rows(h))
        return tools.dense(units, **common)(h)

    @classmethod
    def shrink(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
    ) -> keras.KerasTensor:
        widths = cls.encoder_widths(h.shape[1:], filters)
        for name, width in parts.last_named(widths):
            h = tools.conv(
                width,
                3,
                strides=2,
                padding="same",
                name=name,
                activation=activation,
                kernel_initializer=kernel_initializer,
            )(h)
        return h

    @classmethod
    def decode(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        units: int = 256,
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
    ) -> keras.KerasTensor:
        *_, start = cls.decoder_stages(output_shape, filters)
        common = {
            "activation": activation,
            "kernel_initializer": kernel_initializer,
        }
        h = layers.Dense(units, **common)(h)
        h = layers.Dense(math.prod(start), **common)(h)
        h = layers.Reshape(start)(h)
        return cls.grow(h, output_shape, tools, filters=filters, **common)

    @classmethod
    def grow(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        activation: str = "relu",
        kernel_initializer: str = "glorot_uniform",
    ) -> keras.KerasTensor:
        widths, sizes, _ = cls.decoder_stages(output_shape, filters)
        common = {
            "activation": activation,
            "kernel_initializer": kernel_initializer,
        }
        for width, size in zip(widths[::-1], sizes[-2::-1], strict=True):
            if kernel_initializer == "he_normal":
                # One for each layer: each has a seed of its own.
                common["kernel_initializer"] = parts.he_transposed()
            h = layers.Conv2DTranspose(
                width, 3, strides=2, padding="same", **common
            )(h)
            h = parts.crop_to(h, size)
        return layers.Conv2D(
            output_shape[-1], 3, padding="same", kernel_initializer=tools.last
        )(h)


class DCGAN(parts.Network):
    """Strided convolutions with LeakyReLU of slope 0.2, without dense layers.

    The decoder has transposed convolutions with batch normalisation and ReLU.

    `filters` names the width of each; by default as many as bring the image
    down to 4 to 7 pixels, 64 wide and doubling up to 256. The paper
    normalises the discriminator's batches, too, but for the first layer:
    `batch_norm=True`. The output for an example then depends on those beside
    it.

    Kernels start by He's rule, not by N(0, 0.02) as in the paper. Normalised
    batches make the scale immaterial in training; inference, whose statistics
    start at 0 and 1, is right from the first step by He's.

    Reference:
        Radford et al. (2016), "Unsupervised representation learning with deep
        convolutional generative adversarial networks".
    """

    widths = (64, 256)

    @classmethod
    def encode(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        kernel_size: int = 4,
        batch_norm: bool = False,
        dropout: float = 0.0,
        activation: str = "leaky_relu",
    ) -> keras.KerasTensor:
        widths = cls.encoder_widths(h.shape[1:], filters)
        for i, (name, width) in enumerate(parts.last_named(widths)):
            if name:
                h = tools.compare_rows(h)
            normalizes = batch_norm and i > 0  # which makes a bias moot
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

    @classmethod
    def decode(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        kernel_size: int = 4,
        activation: str = "relu",
    ) -> keras.KerasTensor:
        widths, sizes, start = cls.decoder_stages(output_shape, filters)
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
