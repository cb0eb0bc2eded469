"""What the Keras model answers, kept beside the SavedModel for comparison.

`expected_answers.npz` holds, for every signature and batch size, the arrays
`signature/batch/inputs/name` and `signature/batch/outputs/name`. Files, such
as PNG images, are arrays of NumPy's type `S`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

BATCH_SIZES = (1, 3, 8, 33)


class ExpectedAnswers:
    """Inputs and answers by signature and batch size.

    Args:
        cases: `{(signature, batch size): (inputs, outputs)}`, both dicts of
            arrays by name; of files, arrays of `bytes` objects.
    """

    def __init__(self, cases: dict[tuple[str, int], tuple[dict, dict]]):
        self.cases = cases

    def of(self, signature: str) -> dict[int, tuple[dict, dict]]:
        """Return `{batch size: (inputs, outputs)}` of one signature."""
        return {
            batch: case
            for (name, batch), case in self.cases.items()
            if name == signature
        }

    def save(self, path: str | Path) -> None:
        """Write the file."""
        arrays = {key: _stored(array) for key, array in self._arrays()}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> "ExpectedAnswers":
        """Read the file that `save` wrote."""
        cases = {}
        with np.load(path, allow_pickle=False) as arrays:
            for key in arrays.files:
                signature, batch, role, name = key.split("/")
                case = cases.setdefault((signature, int(batch)), ({}, {}))
                array = arrays[key]
                if array.dtype.kind == "S":
                    array = array.astype(object)
                case[role == "outputs"][name] = array
        return cls(cases)

    def _arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        for (signature, batch), (inputs, outputs) in self.cases.items():
            for name, array in inputs.items():
                yield f"{signature}/{batch}/inputs/{name}", array
            for name, array in outputs.items():
                yield f"{signature}/{batch}/outputs/{name}", array


def _stored(array: np.ndarray) -> np.ndarray:
    """Files as type `S`, which needs no pickle but drops zeros at the end."""
    if array.dtype.kind != "O":
        return array
    stored = array.astype("S")
    if (stored.astype(object) != array).any():
        raise ValueError(
            "Expected files that end in another byte than 0, as PNG and JPEG "
            "do; a string that ends so cannot be kept as expected answer."
        )
    return stored
