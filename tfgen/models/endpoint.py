"""A model's tensor functions, for Python and for the server."""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A stateless, row-wise function: one row out for each row in.

    Attributes:
        function: takes the inputs as named tensors, returns a dict of float32
            tensors. Row i of the outputs depends on row i of the inputs alone.
        inputs: dict of name to `keras.KerasTensor`, first axis None.
    """

    function: Callable
    inputs: dict[str, keras.KerasTensor]

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        return {
            name: tf.TensorSpec(spec.shape, spec.dtype, name=name)
            for name, spec in self.inputs.items()
        }

    def compiled(self):
        """The function as a tf.function of keyword arguments."""
        function, signature = self.function, self.input_signature()

        @tf.function(autograph=False)
        def endpoint(tensors):
            return function(**tensors)

        return endpoint.get_concrete_function(signature)
