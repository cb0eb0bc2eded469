"""A model's tensor functions, for Python and for the server."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import checks


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


def run_in_batches(compiled, inputs, batch_size) -> dict[str, np.ndarray]:
    """Runs a compiled endpoint over arrays, `batch_size` rows at a time."""
    rows = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, rows, batch_size):
        tensors = {
            name: tf.convert_to_tensor(array[start : start + batch_size])
            for name, array in inputs.items()
        }
        outputs = compiled(tensors)
        parts.append({key: value.numpy() for key, value in outputs.items()})
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}


def check_inputs(model, name, endpoint, inputs) -> dict[str, np.ndarray]:
    """Arrays of the types and shapes that the endpoint takes.

    Raises:
        ValueError: for missing, unknown or unfit inputs.
    """
    wanted = endpoint.inputs
    if set(inputs) != set(wanted):
        raise ValueError(
            f"{name} got {', '.join(inputs) or 'nothing'}, expected "
            f"{', '.join(wanted)}."
        )
    arrays = {}
    for key, spec in wanted.items():
        if key == "label":
            rows = len(np.atleast_1d(inputs[key]))
            arrays[key] = checks.check_labels(
                inputs[key], model.num_classes, rows
            )
        elif spec.dtype == "int64":
            arrays[key] = checks.whole_numbers(np.asarray(inputs[key]), key)
        else:
            arrays[key] = checks.check_examples(
                inputs[key],
                shape=tuple(spec.shape[1:]),
                value_range=model.data_range if key == "x" else None,
                name=key,
            )
    rows = {key: len(array) for key, array in arrays.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(
            f"{name} got {rows} rows; expected as many rows of each input."
        )
    return arrays
