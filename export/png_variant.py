"""Signatures that take and give PNG files where others have arrays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfgen.export.png_images import PngImages


@dataclass(frozen=True)
class PngVariant:
    """An endpoint with PNG files in place of its images.

    As numbers in JSON an image is ten times as long as its file.

    Attributes:
        images: what the files hold.
        inputs: the endpoint's names of its inputs that are images.
        outputs: the same for its outputs.
    """

    images: PngImages
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(
        cls, images: PngImages, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> "PngVariant | None":
        """The variant of an endpoint; None if it has no images.

        Args:
            images: the model's.
            inputs: of the endpoint; anything with a `shape`, by name.
            outputs: the same.
        """
        variant = cls(images, images.among(inputs), images.among(outputs))
        return variant if variant.inputs or variant.outputs else None

    def specs(self, specs: Iterable[tf.TensorSpec]) -> list[tf.TensorSpec]:
        """Inputs of the variant, made of the endpoint's."""
        return [
            tf.TensorSpec((None,), tf.string, name=file_name(spec.name))
            if spec.name in self.inputs
            else spec
            for spec in specs
        ]

    def function(self, endpoint: Callable, names: Iterable[str]) -> Callable:
        """The variant of a function of positional tensors.

        Args:
            endpoint: returns a dict of tensors.
            names: of its inputs.
        """
        names = [file_name(n) if n in self.inputs else n for n in names]

        def function(*tensors):
            given = dict(zip(names, tensors, strict=True))
            return self.give(endpoint(*self.take(given).values()))

        return function

    def take(self, given: dict[str, Any]) -> dict[str, Any]:
        """The endpoint's inputs, decoded of what the variant was given."""
        names = {file_name(name): name for name in self.inputs}
        return {
            names.get(key, key): self.images.decode(tensor)
            if key in names
            else tensor
            for key, tensor in given.items()
        }

    def give(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The variant's outputs, encoded of the endpoint's."""
        return self._with_files(outputs, self.outputs)

    def make_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """What to give the variant for the endpoint's inputs."""
        return self._with_files(inputs, self.inputs)

    def _with_files(self, tensors, names):
        return {
            file_name(key) if key in names else key: self.images.encode(tensor)
            if key in names
            else tensor
            for key, tensor in tensors.items()
        }


def file_name(name: str) -> str:
    """`image_bytes` for `x`, `start_image_bytes` for `x_start`.

    TensorFlow Serving's REST interface answers base64 where a name ends in
    `_bytes`.
    """
    of_what = name.removeprefix("x").removeprefix("_")
    return f"{of_what}_image_bytes".removeprefix("_")
