"""What the Keras model answers, kept beside the SavedModel for comparison.

`expected_answers.npz` holds, for every endpoint and batch size, the arrays
`endpoint/batch/inputs/name` and `endpoint/batch/outputs/name`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH_SIZES = (1, 3, 8, 33)

# Of inputs for which a normal number would make no sense.
_RANGES = {
    "weight": (0.0, 1.0),
    "temperature": (0.5, 1.5),
    "truncation": (0.5, 3.0),
}


class ExpectedAnswers:
    """Inputs and answers by endpoint and batch size.

    Args:
        cases: `{(endpoint, batch size): (inputs, outputs)}`, both dicts of
            arrays by name.
    """

    def __init__(self, cases: dict[tuple[str, int], tuple[dict, dict]]):
        self.cases = cases

    def of(self, endpoint: str) -> dict[int, tuple[dict, dict]]:
        """Return `{batch size: (inputs, outputs)}` of one endpoint."""
        return {
            batch: case
            for (name, batch), case in self.cases.items()
            if name == endpoint
        }

    def save(self, path: str | Path) -> None:
        """Write the file."""
        np.savez(path, **dict(self._arrays()))

    @classmethod
    def load(cls, path: str | Path) -> "ExpectedAnswers":
        """Read the file that `save` wrote."""
        cases = {}
        with np.load(path, allow_pickle=False) as arrays:
            for key in arrays.files:
                signature, batch, role, name = key.split("/")
                case = cases.setdefault((signature, int(batch)), ({}, {}))
                case[role == "outputs"][name] = arrays[key]
        return cls(cases)

    def _arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        for (signature, batch), (inputs, outputs) in self.cases.items():
            for name, array in inputs.items():
                yield f"{signature}/{batch}/inputs/{name}", array
            for name, array in outputs.items():
                yield f"{signature}/{batch}/outputs/{name}", array


def compute_expected_answers(model: Any, seed: int = 0) -> ExpectedAnswers:
    """Ask the Keras model for its answers to made-up inputs.

    Args:
        model: A model with `endpoints()` and `run_endpoint(name, inputs)`.
        seed: Where the inputs start from.

    Raises:
        ValueError: If an answer is not a number (NaN).
    """
    generator = np.random.default_rng(seed)
    cases = {}
    for name, endpoint in model.endpoints().items():
        for batch in BATCH_SIZES:
            inputs = {
                key: _make_input(generator, model, key, tensor, batch)
                for key, tensor in endpoint.inputs.items()
            }
            outputs = {
                key: np.asarray(value, "float32")
                for key, value in model.run_endpoint(name, inputs).items()
            }
            _check_finite(name, outputs)
            cases[name, batch] = (inputs, outputs)
    return ExpectedAnswers(cases)


def _make_input(
    generator: np.random.Generator,
    model: Any,
    name: str,
    tensor: Any,
    batch: int,
) -> np.ndarray:
    shape = (batch, *tensor.shape[1:])
    if np.issubdtype(tensor.dtype, np.integer):
        top = 2**31 - 1
        if name == "label":
            # A model without a number of classes takes any label; 0 is one.
            top = getattr(model, "num_classes", None) or 1
        return generator.integers(0, top, shape, tensor.dtype)
    bounds = _RANGES.get(name)
    if name.startswith("x"):
        bounds = getattr(model, "data_range", None)
    if bounds is None:
        return generator.standard_normal(shape).astype(tensor.dtype)
    return generator.uniform(*bounds, shape).astype(tensor.dtype)


def _check_finite(endpoint: str, outputs: dict[str, np.ndarray]) -> None:
    for name, array in outputs.items():
        if np.isnan(array).any():
            raise ValueError(
                f"Endpoint {endpoint!r} answers NaN in {name!r}. Nothing was "
                "exported; look for NaN weights or inputs out of the model's "
                "range."
            )
