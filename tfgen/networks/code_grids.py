"""Networks around a grid of codes: to it, and from it."""

import keras

from tfgen.networks import parts
from tfgen.networks.conv import Conv
from tfgen.networks.parts import Toolkit
from tfgen.networks.resnet import ResNet

layers = keras.layers

GRID_NETWORKS = {"conv": Conv, "resnet": ResNet}
WIDTHS = (32, 64)
SMALL = 16
"""Pixels; smaller images are halved once."""


def default_filters(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Widths of two stages, each of which halves the image, or of one.

    >>> default_filters((28, 28, 1)), default_filters((8, 8, 1))
    ((32, 64), (32,))
    """
    return WIDTHS if max(shape[:2]) >= SMALL else WIDTHS[:1]


def build_grid_encoder(
    network: str,
    input_shape: tuple[int, ...],
    channels: int,
    num_classes: int | None = None,
    **options,
) -> keras.Model:
    """A network from images (and one-hot labels) to a grid of vectors.

    Args:
        network: a key of `GRID_NETWORKS`.
        input_shape: `(height, width, channels)`.
        channels: length of a vector.
        num_classes: adds a second input of one-hot labels.
        **options: of the network; `filters` names a width for each halving.

    Example:
    >>> build_grid_encoder("conv", (28, 28, 1), 8).output_shape
    (None, 7, 7, 8)
    """
    x, label = keras.Input(input_shape, name="x"), _label(num_classes)
    h = x if label is None else parts.label_beside(x, label)
    h = GRID_NETWORKS[network].shrink(h, Toolkit(), **options)
    h = layers.Conv2D(channels, 1)(h)
    return keras.Model(_inputs(x, label), parts.output(h), name="encoder")


def build_grid_decoder(
    network: str,
    output_shape: tuple[int, ...],
    grid_shape: tuple[int, ...],
    num_classes: int | None = None,
    **options,
) -> keras.Model:
    """A network from a grid of vectors (and one-hot labels) to images.

    Args:
        network: a key of `GRID_NETWORKS`.
        output_shape: `(height, width, channels)`.
        grid_shape: what the encoder with the same options gives.
        num_classes: adds a second input of one-hot labels.
        **options: of the network.
    """
    grid, label = keras.Input(grid_shape, name="grid"), _label(num_classes)
    kind = GRID_NETWORKS[network]
    h = grid if label is None else parts.label_beside(grid, label)
    *_, start = kind.decoder_stages(output_shape, options.get("filters"))
    h = layers.Conv2D(start[-1], 3, padding="same")(h)
    h = kind.grow(h, output_shape, Toolkit(), **options)
    return keras.Model(_inputs(grid, label), parts.output(h), name="decoder")


def _label(num_classes):
    return keras.Input((num_classes,), name="label") if num_classes else None


def _inputs(x, label):
    return x if label is None else [x, label]
