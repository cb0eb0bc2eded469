"""Convolutions that see what comes before a pixel alone."""

import keras
import tensorflow as tf

layers = keras.layers


@keras.saving.register_keras_serializable(package="tfgen")
class GatedMaskedConv2D(layers.Layer):
    """Gated convolutions of the pixels above, and of those to the left.

    Two stacks go through the layer. The vertical one knows, at a pixel, the
    rows above; the horizontal one that, and what is to the left in the same
    row. Neither has a blind spot. Instead of masks, images are shifted:
    kernels hold the weights that are used alone.

    Formula: `tanh(a) sigmoid(b)`, a and b the two halves of `conv(v)`, and of
        `conv(h) + conv_1x1(conv(v))`; the horizontal stack goes on with
        `h + conv_1x1` of that, behind the first layer.

    Args:
        filters: channels of each stack.
        kernel_size: odd.
        is_first: whether the input is the image itself, of which a pixel may
            not see itself; the output then depends on earlier pixels alone.

    Raises:
        ValueError: for an even kernel.

    Call arguments: `[vertical, horizontal]` or, with what adds to a and b,
        `[vertical, horizontal, condition]`: one-hot classes, or a map that
        says something of each pixel, `(batch, height, width, channels)`.

    Reference:
        van den Oord et al. (2016), "Conditional image generation with
        PixelCNN decoders", section 2 and figure 2.

    Example:
    >>> layer = tfgen.layers.GatedMaskedConv2D(4, is_first=True)
    >>> x = np.ones((1, 5, 5, 1), "float32")
    >>> vertical, horizontal = layer([x, x])
    >>> horizontal.shape
    TensorShape([1, 5, 5, 4])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        is_first: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}, expected an odd number."
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.is_first = is_first

    def build(self, input_shape: list) -> None:
        channels, before, *told = [shape[-1] for shape in input_shape]
        half, twice = self.kernel_size // 2, 2 * self.filters
        common = {"dtype": self.dtype_policy}
        self._above = layers.Conv2D(
            twice, (half + 1, self.kernel_size), **common
        )
        self._left = layers.Conv2D(twice, (1, half + 1), **common)
        self._across = layers.Conv2D(twice, 1, **common)
        self._on = layers.Conv2D(self.filters, 1, **common)
        for layer, seen in (
            (self._above, channels),
            (self._left, before),
            (self._across, twice),
            (self._on, self.filters),
        ):
            layer.build((None, None, None, seen))
        # By this name its weights lie in files.
        self._of_label = None
        if told:
            self._of_label = layers.Dense(2 * twice, use_bias=False, **common)
            self._of_label.build((None, *told))

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        vertical, before, *condition = inputs
        half, shift = self.kernel_size // 2, int(self.is_first)
        above = self._above(
            tf.pad(vertical, [[0, 0], [half + shift, 0], [half, half], [0, 0]])
        )
        above = above[:, : vertical.shape[1]]
        added = self._across(above)
        if condition:
            told = self._of_label(*condition)
            if len(told.shape) == 2:
                told = told[:, None, None]
            of_above, of_left = tf.split(told, 2, axis=-1)
            above, added = above + of_above, added + of_left
        above = _gated(above)
        left = self._left(
            tf.pad(before, [[0, 0], [0, 0], [half + shift, 0], [0, 0]])
        )
        left = left[:, :, : before.shape[2]]
        horizontal = self._on(_gated(left + added))
        return [above, horizontal if self.is_first else horizontal + before]

    def at_places(self) -> "AtPlaces":
        """This layer at single places, to draw by."""
        return AtPlaces(self)

    def compute_output_shape(self, input_shape: list) -> list:
        shape = (*input_shape[0][:-1], self.filters)
        return [shape, shape]

    def get_config(self) -> dict:
        own = {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "is_first": self.is_first,
        }
        return {**super().get_config(), **own}


class AtPlaces:
    """A `GatedMaskedConv2D` at single places, whose kernels are matrices.

    What the vertical stack adds to the horizontal one is linear, so that one
    matrix gives both.

    Args:
        layer: the layer.
    """

    def __init__(self, layer: GatedMaskedConv2D):
        self._layer, self._dtype = layer, layer.compute_dtype
        above, above_bias = self._matrix_and_bias(layer._above)
        across, across_bias = self._matrix_and_bias(layer._across)
        self._left, left_bias = self._matrix_and_bias(layer._left)
        self._on, self._on_bias = self._matrix_and_bias(layer._on)
        self._above = tf.concat([above, above @ across], axis=1)
        added = above_bias[None] @ across + across_bias + left_bias
        self._biases = tf.concat([above_bias[None], added], axis=1)
        if layer._of_label is not None:
            self._of_label = tf.cast(layer._of_label.kernel, self._dtype)

    def of_above(
        self, pixels: tf.Tensor, condition: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """What the vertical stack gives.

        Args:
            pixels: of its input, all that it sees, from the top left to the
                bottom right, of zeros beyond the image: `(places, pixels,
                channels)`, of `kernel_size // 2 + 1` rows of `kernel_size`
                pixels. The last row is the place's own, or the one above it
                in the first layer.
            condition: classes or the map at these places, `(places,
                channels)`.

        Returns:
            Its output `(places, filters)`, and what it adds in `of_left`.
        """
        sums = _product(pixels, self._above) + self._biases
        if condition is not None:
            sums += tf.cast(condition, self._dtype) @ self._of_label
        above, added = tf.split(sums, 2, axis=-1)
        return _gated(above), added

    def of_left(self, pixels: tf.Tensor, added: tf.Tensor) -> tf.Tensor:
        """What the horizontal stack gives.

        Args:
            pixels: of its input, all that it sees in this row: `(places,
                kernel_size // 2 + 1, channels)`, the last of them the place
                itself, or the one before in the first layer.
            added: by `of_above`.

        Returns:
            Its output `(places, filters)`.
        """
        gated = _gated(_product(pixels, self._left) + added)
        horizontal = tf.nn.bias_add(gated @ self._on, self._on_bias)
        if self._layer.is_first:
            return horizontal
        return horizontal + pixels[:, -1]

    def _matrix_and_bias(self, convolution):
        kernel = tf.cast(convolution.kernel, self._dtype)
        matrix = tf.reshape(kernel, (-1, kernel.shape[-1]))
        return matrix, tf.cast(convolution.bias, self._dtype)


def _product(pixels, matrix):
    return tf.reshape(pixels, (-1, matrix.shape[0])) @ matrix


def _gated(values):
    first, second = tf.split(values, 2, axis=-1)
    return tf.tanh(first) * tf.sigmoid(second)
