"""Runs a model's endpoints over NumPy arrays."""

import numpy as np
import tensorflow as tf

from tfgen.data import checks


class EndpointRunner:
    """Compiles each endpoint once and runs it in batches.

    Args:
        model: a `GenerativeModel`.
    """

    def __init__(self, model):
        self._model = model
        self._compiled = {}

    def run(self, name, inputs, batch_size) -> dict[str, np.ndarray]:
        """Outputs of an endpoint; see `GenerativeModel.run_endpoint`."""
        known = self._model.endpoints()
        withheld = self._model.withheld_endpoints()
        if name in withheld:
            raise ValueError(f"there is no {name!r}: {withheld[name]}.")
        if name not in known:
            raise ValueError(
                f"{type(self._model).__name__} has no endpoint {name!r}, "
                f"expected one of {', '.join(known)}."
            )
        arrays = check_inputs(self._model, name, known[name], inputs)
        return run_in_batches(self.compiled(name), arrays, batch_size)

    def compiled(self, name):
        """The endpoint as a concrete function of a dict of tensors."""
        if name not in self._compiled:
            self._compiled[name] = self._model.endpoints()[name].compiled()
        return self._compiled[name]


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
