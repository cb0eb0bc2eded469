"""Images as PNG files, inside the graph that a server runs."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

# Grey, colour, colour with opacity. PNG knows grey with opacity too, which
# TensorFlow writes and cannot read.
_CHANNELS = (1, 3, 4)
# Every PNG file begins so; width and height come next.
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
        """Return a model's images; None if PNG cannot hold its data.

        That is so for tables, images without a range, and channels other
        than 1, 3 and 4.
        """
        shape = getattr(model, "data_shape", ())
        value_range = getattr(model, "data_range", None)
        if len(shape) != 3 or shape[-1] not in _CHANNELS or not value_range:
            return None
        return cls(shape, value_range)

    def among(self, tensors: dict[str, Any]) -> tuple[str, ...]:
        """Return names of the tensors that are batches of such images.

        Shares of pixels have the shape of images, and are none.
        """
        shapes = {k: tf.TensorShape(v.shape) for k, v in tensors.items()}
        return tuple(
            name
            for name, shape in shapes.items()
            if shape.rank == 4
            and tuple(shape[1:]) == self.shape
            and name != "share"
        )

    def encode(self, images: tf.Tensor) -> tf.Tensor:
        """Return files of images, rounded to 8 bits: strings `(rows,)`."""
        shares = (images - self.low) / (self.high - self.low)
        levels = tf.round(255.0 * tf.clip_by_value(shares, 0.0, 1.0))
        return tf.io.encode_png(tf.cast(levels, tf.uint8))

    def decode(self, files: tf.Tensor) -> tf.Tensor:
        """Return images of files: float32 `(rows, *shape)`.

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

    def _decode_one(self, file: tf.Tensor) -> tf.Tensor:
        height, width, channels = self.shape
        start = _START + struct.pack(">II", width, height)
        is_ours = tf.equal(tf.strings.substr(file, 0, len(start)), start)
        expected = f"expected a PNG file of {width} x {height} pixels"
        with tf.control_dependencies(
            [tf.debugging.Assert(is_ours, [expected])]
        ):
            levels = tf.io.decode_png(file, channels=channels)
        return tf.ensure_shape(levels, self.shape)


@dataclass(frozen=True)
class PngVariant:
    """An endpoint with PNG files in place of its images.

    As numbers in JSON an image is ten times as long as its file.

    Attributes:
        images: Shape and range of the images in the files.
        inputs: The endpoint's names of its inputs that are images.
        outputs: The same for its outputs.
    """

    images: PngImages
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(
        cls, images: PngImages, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> "PngVariant | None":
        """Return the variant of an endpoint; None if it has no images.

        Args:
            images: The model's images.
            inputs: The endpoint's inputs; anything with a `shape`, by name.
            outputs: The same for its outputs.
        """
        variant = cls(images, images.among(inputs), images.among(outputs))
        return variant if variant.inputs or variant.outputs else None

    def specs(self, specs: Iterable[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """Return inputs of the variant for those of the endpoint."""
        return [
            tf.TensorSpec((None,), tf.string, name=file_name(spec.name))
            if spec.name in self.inputs
            else spec
            for spec in specs
        ]

    def function(self, endpoint: Callable, names: Iterable[str]) -> Callable:
        """Return the variant of a function of positional tensors.

        Args:
            endpoint: A function that returns a dict of tensors.
            names: Names of its inputs.
        """
        names = [file_name(n) if n in self.inputs else n for n in names]

        def function(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            given = dict(zip(names, tensors, strict=True))
            return self.give(endpoint(*self.take(given).values()))

        return function

    def take(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the endpoint's inputs, decoded from the variant's."""
        names = {file_name(name): name for name in self.inputs}
        return {
            names.get(key, key): self.images.decode(tensor)
            if key in names
            else tensor
            for key, tensor in given.items()
        }

    def give(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Return the variant's outputs, encoded from the endpoint's."""
        return self._with_files(outputs, self.outputs)

    def make_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the variant's inputs, encoded from the endpoint's."""
        return self._with_files(inputs, self.inputs)

    def _with_files(
        self, tensors: dict[str, Any], names: tuple[str, ...]
    ) -> dict[str, Any]:
        return {
            file_name(key) if key in names else key: self.images.encode(tensor)
            if key in names
            else tensor
            for key, tensor in tensors.items()
        }


def file_name(name: str) -> str:
    """Return `image_bytes` for `x`, `start_image_bytes` for `x_start`.

    TensorFlow Serving's REST interface answers base64 where a name ends in
    `_bytes`.
    """
    of_what = name.removeprefix("x").removeprefix("_")
    return f"{of_what}_image_bytes".removeprefix("_")
