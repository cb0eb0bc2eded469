"""Images as PNG files, inside the graph that a server runs."""

import struct
from typing import Any

import tensorflow as tf

# Grey, colour, colour with opacity. PNG knows grey with opacity too, which
# TensorFlow writes and cannot read.
_CHANNELS = (1, 3, 4)
# Of every PNG file; width and height come next.
_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


class PngImages:
    """Turns images of one shape and range into PNG files and back.

    Args:
        shape: (height, width, channels), channels 1, 3 or 4.
        value_range: `(low, high)`, which become the levels 0 and 255.
    """

    def __init__(
        self, shape: tuple[int, int, int], value_range: tuple[float, float]
    ):
        self.shape = tuple(shape)
        self.low, self.high = value_range

    @classmethod
    def of(cls, model: Any) -> "PngImages | None":
        """The model's images; None if PNG cannot hold its data.

        That is so for tables, images without a range, and channels other
        than 1, 3 and 4.
        """
        shape = getattr(model, "data_shape", ())
        value_range = getattr(model, "data_range", None)
        if len(shape) != 3 or shape[-1] not in _CHANNELS or not value_range:
            return None
        return cls(shape, value_range)

    def among(self, tensors: dict[str, Any]) -> tuple[str, ...]:
        """Names of the tensors that are batches of such images."""
        shapes = {k: tf.TensorShape(v.shape) for k, v in tensors.items()}
        return tuple(
            name
            for name, shape in shapes.items()
            if shape.rank == 4 and tuple(shape[1:]) == self.shape
        )

    def encode(self, images: tf.Tensor) -> tf.Tensor:
        """Files of images, rounded to 8 bits: strings `(rows,)`."""
        shares = (images - self.low) / (self.high - self.low)
        levels = tf.round(255.0 * tf.clip_by_value(shares, 0.0, 1.0))
        return tf.io.encode_png(tf.cast(levels, tf.uint8))

    def decode(self, files: tf.Tensor) -> tf.Tensor:
        """Images of files: float32 `(rows, *shape)`.

        Colours are turned into grey where the model knows only grey. What is
        no PNG file of the images' own size is an error before it is decoded:
        a small file may hold a huge image.
        """
        levels = tf.map_fn(
            self._decode_one,
            files,
            fn_output_signature=tf.TensorSpec(self.shape, tf.uint8),
        )
        shares = tf.cast(levels, tf.float32) / 255.0
        return self.low + (self.high - self.low) * shares

    def _decode_one(self, file):
        height, width, channels = self.shape
        start = _START + struct.pack(">II", width, height)
        is_ours = tf.equal(tf.strings.substr(file, 0, len(start)), start)
        expected = f"expected a PNG file of {width} x {height} pixels"
        with tf.control_dependencies(
            [tf.debugging.Assert(is_ours, [expected])]
        ):
            levels = tf.io.decode_png(file, channels=channels)
        return tf.ensure_shape(levels, self.shape)
