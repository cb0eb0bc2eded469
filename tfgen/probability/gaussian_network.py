"""Network that gives a Gaussian of latents."""

import functools
import typing
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgen.probability.latents import diagonal_gaussian

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


class GaussianNetwork(keras.layers.Layer):
    """Dense layers from what is seen to a diagonal Gaussian of latents.

    Args:
        seen: lengths of what is seen, such as other latents and the class.
        latent_dim: length of the latents.
        units: of its hidden layers.
        last: initializer of the last layer's kernel.
    """

    def __init__(
        self,
        seen: Sequence[int],
        latent_dim: int,
        units: Sequence[int],
        last: str = "glorot_uniform",
    ):
        super().__init__(dtype="float32")
        *hidden, outputs = [
            functools.partial(keras.layers.Dense, size, dtype="float32")
            for size in (*units, 2 * latent_dim)
        ]
        outputs = functools.partial(outputs, kernel_initializer=last)
        first, *further = [*hidden, outputs]
        # One for each thing that is seen, so that a context of rows meets
        # several draws of them.
        self._first = [first(use_bias=not n) for n in range(len(seen))]
        self._further = [make() for make in further]
        sizes = [*seen, *units[: len(further)]]
        for layer, size in zip(
            [*self._first, *self._further], sizes, strict=True
        ):
            layer.build((None, size))
        self.built = True

    def gaussian(self, *seen: tf.Tensor) -> "Distribution":
        """Its distribution given what is seen, `(..., length)` each."""
        values = sum(
            layer(each) for layer, each in zip(self._first, seen, strict=True)
        )
        for layer in self._further:
            values = layer(tf.nn.silu(values))
        return diagonal_gaussian(values)
