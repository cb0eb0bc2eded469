"""Residual networks for images of any size."""

import math

import keras

from tfgen.networks import parts

layers = keras.layers


class ResNet(parts.Network):
    """Residual blocks, halving the image between stages.

    The decoder has the stages in reverse, with nearest-neighbour upsampling.

    `filters` names the width of each stage, `blocks` how many residual blocks
    each has. Group normalisation keeps examples apart, as row-wise serving
    and exact multi-device training want it; `normalization=None` leaves it
    out, as Huang et al. (2024) do in GANs.

    Reference:
        He et al. (2016), "Identity mappings in deep residual networks".
    """

    widths = (32, 128)

    @classmethod
    def encode(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        blocks: int = 1,
        activation: str = "silu",
        normalization: str | None = "group",
    ) -> keras.KerasTensor:
        h = cls.shrink(
            h,
            tools,
            filters=filters,
            blocks=blocks,
            activation=activation,
            normalization=normalization,
        )
        return layers.Flatten()(h)

    @classmethod
    def shrink(
        cls,
        h: keras.KerasTensor,
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        blocks: int = 1,
        activation: str = "silu",
        normalization: str | None = "group",
    ) -> keras.KerasTensor:
        widths = cls.encoder_widths(h.shape[1:], filters)
        before = _Activation(tools, normalization, activation)
        h = tools.conv(widths[0], 3, padding="same")(h)
        for i, width in enumerate(widths):
            h = tools.conv(width, 3, strides=2, padding="same")(h)
            if i == len(widths) - 1:  # as late as features still are images
                h = tools.compare_rows(h)
            for _ in range(blocks):
                h = _residual(h, width, tools, before)
        return before(h, parts.FEATURES)

    @classmethod
    def decode(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        blocks: int = 1,
        activation: str = "silu",
        normalization: str | None = "group",
    ) -> keras.KerasTensor:
        *_, start = cls.decoder_stages(output_shape, filters)
        h = layers.Dense(math.prod(start))(h)
        h = layers.Reshape(start)(h)
        return cls.grow(
            h,
            output_shape,
            tools,
            filters=filters,
            blocks=blocks,
            activation=activation,
            normalization=normalization,
        )

    @classmethod
    def grow(
        cls,
        h: keras.KerasTensor,
        output_shape: tuple[int, ...],
        tools: parts.Toolkit,
        *,
        filters: tuple[int, ...] | None = None,
        blocks: int = 1,
        activation: str = "silu",
        normalization: str | None = "group",
    ) -> keras.KerasTensor:
        widths, sizes, _ = cls.decoder_stages(output_shape, filters)
        before = _Activation(tools, normalization, activation)
        for width, size in zip(widths[::-1], sizes[-2::-1], strict=True):
            for _ in range(blocks):
                h = _residual(h, width, tools, before)
            h = parts.crop_to(layers.UpSampling2D()(h), size)
        return layers.Conv2D(
            output_shape[-1], 3, padding="same", kernel_initializer=tools.last
        )(before(h))


class _Activation:
    """The activation, after a normalisation if there is one."""

    def __init__(self, tools, normalization, activation):
        if normalization not in ("group", None):
            raise ValueError(
                f"normalization is {normalization!r}, expected 'group' or None."
            )
        self._normalize = tools.group_normalize if normalization else None
        self._activation = activation

    def __call__(self, h, name=None):
        h = self._normalize(h) if self._normalize else h
        return layers.Activation(self._activation, name=name)(h)


def _residual(x, width, tools, before):
    shortcut = x
    if x.shape[-1] != width:
        shortcut = tools.conv(width, 1)(x)
    h = tools.conv(width, 3, padding="same")(before(x))
    # Zeros: every block starts as the identity.
    h = tools.conv(width, 3, padding="same", kernel_initializer=tools.zeros)(
        before(h)
    )
    return layers.Add()([shortcut, h])
