"""Network, Toolkit and other parts that the networks share."""

import contextlib
import math
from collections.abc import Iterator

import keras
import tensorflow as tf

from tfgen import layers as tfgen_layers

layers = keras.layers
FEATURES = "features"
"""Name of the inner layer by which a discriminator compares examples."""
LINEAR_PATH = "linear_path"
"""Name of the dense layer beside a network."""
COARSEST = 48
"""Pixels a side that the linear path sees at most."""


class Network:
    """Abstract: how the inner layers of an encoder and a decoder are made.

    A subclass is listed in `tfgen.networks.NETWORKS` and has two class
    methods: `encode(h, tools, *, ...)` makes features `(batch, n)` of examples,
    `decode(h, output_shape, tools, *, ...)` examples of latents `(batch, n)`;
    `tools` is a `Toolkit`, and the keyword arguments are the options that
    users can set. One that can stand on a grid of codes has two more,
    `shrink(h, tools, *, ...)` to a grid of features, and `grow(h,
    output_shape, tools, *, ...)`.

    Attributes:
        ranks: ranks of an example that it takes: 3 is an image.
        flat: whether examples are flattened first.
        widths: widths of the first and of the last stage, between which they
            double; None where there are no stages.
    """

    ranks = (3,)
    flat = False
    widths: tuple[int, int] | None = None

    @classmethod
    def encoder_widths(cls, shape: tuple, filters: tuple | None) -> tuple:
        """Width of each stage, each of which halves the image."""
        return tuple(filters or doubling_widths(shape, *cls.widths))

    @classmethod
    def decoder_stages(
        cls, shape: tuple, filters: tuple | None
    ) -> tuple[tuple, list, tuple]:
        """Widths, the sizes between stages, and the shape to start from."""
        widths = cls.encoder_widths(shape, filters)
        sizes = halved_sizes(shape, len(widths))
        return widths, sizes, (*sizes[-1], widths[-1])


class Toolkit:
    """Layers as the options that all networks share want them.

    Args:
        spectral_norm: whether kernels have spectral norm 1.
        minibatch_stddev: whether the network is told how much the examples
            of a batch vary.
        label: one-hot labels that scale and shift what is normalised, or
            None.
        linear_path: whether there is one beside the network.

    Attributes:
        dense: a layer class, `keras.layers.Dense` or its like.
        conv: a layer class, `keras.layers.Conv2D` or its like.
        zeros: initializer of kernels that start as zeros where they can.
        last: initializer of the last layer's kernel.
    """

    def __init__(
        self,
        spectral_norm: bool = False,
        minibatch_stddev: bool = False,
        label: keras.KerasTensor | None = None,
        linear_path: bool = False,
    ):
        self.dense, self.conv = layers.Dense, layers.Conv2D
        self.zeros = "zeros"
        if spectral_norm:
            self.dense = tfgen_layers.SpectralDense
            self.conv = tfgen_layers.SpectralConv2D
            # No factor brings a kernel of zeros to norm 1.
            self.zeros = "glorot_uniform"
        # Beside a linear path a network begins as nothing.
        self.last = self.zeros if linear_path else "glorot_uniform"
        self.label_used = False
        self._minibatch_stddev = minibatch_stddev
        self._label = label
        self._dropouts = 0

    def compare_rows(self, h: keras.KerasTensor) -> keras.KerasTensor:
        """h, with the spread of the batch as one more channel if asked."""
        return (
            tfgen_layers.MinibatchStddev()(h) if self._minibatch_stddev else h
        )

    def batch_normalize(self, h: keras.KerasTensor) -> keras.KerasTensor:
        """Normalised over all rows, by class if there is a label."""
        # The moving statistics of 0.99 come late for a network that samples.
        if self._label is None:
            return tfgen_layers.BatchNormalization(momentum=0.9)(h)
        self.label_used = True
        return tfgen_layers.ConditionalBatchNormalization(momentum=0.9)(
            [h, self._label]
        )

    def group_normalize(self, h: keras.KerasTensor) -> keras.KerasTensor:
        """Normalised row by row, by class if there is a label."""
        groups = math.gcd(h.shape[-1], 8)
        if self._label is None:
            return tfgen_layers.GroupNormalization(groups)(h)
        self.label_used = True
        return tfgen_layers.ConditionalGroupNormalization(groups)(
            [h, self._label]
        )

    def dropout(self, h: keras.KerasTensor, rate: float) -> keras.KerasTensor:
        """Dropout whose name is the same in every process."""
        if not rate:
            return h
        self._dropouts += 1
        return tfgen_layers.Dropout(rate, name=f"dropout_{self._dropouts}")(h)


def label_beside(
    x: keras.KerasTensor, label: keras.KerasTensor
) -> keras.KerasTensor:
    """Data with the label beside it on the last axis.

    For images the label becomes constant channels.
    """
    if len(x.shape) == 4:
        label = layers.Reshape((1, 1, label.shape[-1]))(label)
        label = layers.UpSampling2D(x.shape[1:3])(label)
    return layers.Concatenate()([x, label])


def projection(
    logit: keras.KerasTensor,
    features: keras.KerasTensor,
    label: keras.KerasTensor,
    dense: type[keras.layers.Layer],
) -> keras.KerasTensor:
    """`logit + <V y, features>`, with one row of V a class.

    Reference:
        Miyato and Koyama (2018), "cGANs with projection discriminator",
        equation 3.
    """
    row = dense(features.shape[-1], use_bias=False)(label)
    return layers.Add()([logit, layers.Dot(axes=-1)([row, features])])


def linear_encoding(
    x: keras.KerasTensor,
    label: keras.KerasTensor | None,
    outputs: int,
    dense: type[keras.layers.Layer],
) -> keras.KerasTensor:
    """All values of x, or means over squares of large images, by one layer.

    Args:
        x: examples.
        label: one-hot labels, which the layer sees too, or None.
        outputs: length of the result.
        dense: class of the layer.
    """
    factor = coarse_factor(x.shape[1:])
    if factor > 1:
        x = layers.AveragePooling2D(factor, padding="same")(x)
    x = layers.Flatten()(x)
    x = x if label is None else label_beside(x, label)
    return dense(outputs, name=LINEAR_PATH)(x)


def linear_decoding(
    latent: keras.KerasTensor,
    label: keras.KerasTensor | None,
    shape: tuple[int, ...],
) -> keras.KerasTensor:
    """Examples of a shape by one layer, large images enlarged from coarse ones.

    Args:
        latent: latents `(batch, latent_dim)`.
        label: as of `linear_encoding`.
        shape: of an example.
    """
    x = latent if label is None else label_beside(latent, label)
    factor = coarse_factor(shape)
    start = shape
    if factor > 1:
        start = (-(-shape[0] // factor), -(-shape[1] // factor), shape[2])
    x = layers.Dense(math.prod(start), name=LINEAR_PATH)(x)
    x = layers.Reshape(start)(x)
    if factor > 1:
        x = layers.UpSampling2D(factor, interpolation="bilinear")(x)
        x = crop_to(x, shape[:2])
    return x


def coarse_factor(shape: tuple[int, ...]) -> int:
    """By how much the linear path sees images smaller.

    >>> [coarse_factor((n, n, 3)) for n in (32, 48, 64, 128)]
    [1, 1, 2, 3]
    """
    if len(shape) != 3:
        return 1
    return math.ceil(max(shape[:2]) / COARSEST)


def output(
    h: keras.KerasTensor, activation: str = "linear"
) -> keras.KerasTensor:
    """The last activation, in float32 whatever the network computes in."""
    return layers.Activation(activation, dtype="float32", name="output")(h)


@keras.saving.register_keras_serializable(package="tfgen")
def normal_to_uniform(latents: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers as uniform ones in (-1, 1): `erf(z / sqrt 2)`."""
    return keras.ops.erf(latents / math.sqrt(2.0))


def last_named(widths: tuple) -> list[tuple[str | None, int]]:
    """Pairs of a layer's name and width: the last one gives the features.

    >>> last_named([32, 64])
    [(None, 32), ('features', 64)]
    """
    # Without a width there is no layer to name, and the list stays empty.
    names = [None] * len(widths)
    return list(zip(names[:-1] + [FEATURES], widths, strict=False))


def doubling_widths(shape: tuple, first: int, most: int) -> list[int]:
    """A width for each halving that brings an image to 4 to 7 pixels.

    >>> doubling_widths((64, 64, 3), 32, 128)
    [32, 64, 128, 128]
    """
    times = max(1, math.ceil(math.log2(max(shape[:2]) / 7)))
    return [min(first * 2**i, most) for i in range(times)]


def he_transposed() -> keras.initializers.Initializer:
    """He's initializer for transposed convolutions of stride 2.

    A pixel sees a quarter of such a kernel. (Keras calls the inputs of a
    transposed convolution its outputs.)
    """
    return keras.initializers.VarianceScaling(2.0 * 4.0, "fan_out")


def halved_sizes(shape: tuple, times: int) -> list[tuple[int, int]]:
    """Image sizes from the data's down, each half the one before, rounded up.

    >>> halved_sizes((28, 28, 1), 3)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    sizes = [tuple(shape[:2])]
    for _ in range(times):
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes


def crop_to(h: keras.KerasTensor, size: tuple[int, int]) -> keras.KerasTensor:
    """Cuts a row or column that rounding up has added."""
    extra = [have - want for have, want in zip(h.shape[1:3], size, strict=True)]
    if not any(extra):
        return h
    return layers.Cropping2D([(0, extra[0]), (0, extra[1])])(h)


@contextlib.contextmanager
def channels_last() -> Iterator[None]:
    """Builds layers for images with channels last.

    An old `~/.keras/keras.json` may say `channels_first`. Layers remember what
    they were built for, also in a saved model.

    Example:
    >>> keras.config.set_image_data_format("channels_first")
    >>> with channels_last():
    ...     layer = keras.layers.Conv2D(4, 3)
    >>> layer.data_format, keras.config.image_data_format()
    ('channels_last', 'channels_first')
    >>> keras.config.set_image_data_format("channels_last")
    """
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)
