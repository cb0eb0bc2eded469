"""The network along a grid of codes."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen.layers import GatedMaskedConv2D
from tfgen.layers.masked_drawing import draw_in_order
from tfgen.networks import parts

layers = keras.layers


@keras.saving.register_keras_serializable(package="tfgen")
class CodePrior(keras.Model):
    """An autoregressive network along a grid of codes, row by row.

    A `keras.Model` from codes `(batch, height, width)` to logits of each code
    at each place, `(batch, height, width, num_codes)`, by the codes before it.
    It starts at equal probabilities.

    Args:
        grid: height and width.
        num_codes: how many there are.
        num_classes: adds a second input of one-hot labels.
        filters: channels of each stack.
        blocks: gated masked convolutions.
        kernel_size: theirs.

    Reference:
        van den Oord et al. (2016), "Conditional image generation with
        PixelCNN decoders".

    Example:
    >>> CodePrior((4, 4), 16, filters=8, blocks=2).output_shape
    (None, 4, 4, 16)
    """

    def __init__(
        self,
        grid: tuple[int, int],
        num_codes: int,
        num_classes: int | None = None,
        *,
        filters: int = 64,
        blocks: int = 4,
        kernel_size: int = 3,
        name: str = "code_prior",
        **kwargs,
    ):
        codes = keras.Input(grid, dtype="int32", name="codes")
        labels = []
        if num_classes:
            labels.append(keras.Input((num_classes,), name="label"))
        # Gates halve what goes through them: small numbers would take long to
        # grow.
        start = keras.initializers.RandomNormal(stddev=1.0)
        embedding = layers.Embedding(num_codes, filters, start)
        convolutions = [
            GatedMaskedConv2D(filters, kernel_size, is_first=not block)
            for block in range(blocks)
        ]
        last = [
            layers.Activation("relu"),
            layers.Conv2D(2 * filters, 1, activation="relu"),
            layers.Conv2D(num_codes, 1, kernel_initializer="zeros"),
            parts.output,
        ]
        v = h = embedding(codes)
        for convolution in convolutions:
            v, h = convolution([v, h, *labels])
        for layer in last:
            h = layer(h)
        inputs = [codes, *labels] if labels else codes
        super().__init__(inputs, h, name=name, **kwargs)
        self.embedding, self.convolutions = embedding, convolutions
        self.last = last[:-1]
        self._arguments = {
            "grid": tuple(grid),
            "num_codes": num_codes,
            "num_classes": num_classes,
            "filters": filters,
            "blocks": blocks,
            "kernel_size": kernel_size,
        }

    def draw(
        self,
        choose: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
        rows: tf.Tensor,
        labels: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Codes that are drawn each given those before, int32, as tensors.

        All places together cost about one pass of the network; see
        `tfgen.layers.masked_drawing`.

        Args:
            choose: from float32 logits `(places, rows, num_codes)` and the
                numbers of the places `(places,)` to codes `(places, rows)`.
            rows: how many grids.
            labels: one-hot classes `(rows, num_classes)`.

        Returns:
            `(rows, height, width)`.
        """

        def choose_codes(h, places):
            h = h[None]
            for layer in self.last:
                h = layer(h)
            return choose(tf.cast(h[0], tf.float32), places)

        return draw_in_order(
            self.convolutions,
            self.embedding,
            choose_codes,
            self._arguments["grid"],
            tf.zeros((rows,), tf.int32),
            labels,
        )

    def get_config(self) -> dict:
        return {
            **self._arguments,
            "name": self.name,
            "dtype": self.dtype_policy,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        return cls(**config)
