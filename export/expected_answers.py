"""Answers of the Keras model, kept beside the SavedModel for comparison.

`expected_answers.npz` holds, for every signature and batch size, the arrays
`signature/batch/inputs/name` and `signature/batch/outputs/name`. Files, such
as PNG images, are arrays of NumPy's type `S`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tfgen.export.cpp_runtime import GraphSession
from tfgen.export.messages import DataType
from tfgen.export.tensorflow_library import TFOutput

BATCH_SIZES = (1, 3, 8, 33)
# By the precision that a signature computes in, relative to the largest
# answer. The kernels are the same as in Python; what differs is how the graph
# was optimised. Half precisions keep 11 and 8 bits.
TOLERANCES = {"float32": 1e-5, "float16": 5e-3, "bfloat16": 5e-2}


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


class AnswerComparison:
    """Compares answers, those in PNG files by what is to be seen.

    Args:
        png_reader: The `PngReader` for the files.
        steps: By output, differences that count as none; see
            `rounding_steps`.
    """

    def __init__(
        self, png_reader: "PngReader", steps: dict[str, float] | None = None
    ):
        self.png_reader = png_reader
        self.steps = steps or {}

    def difference(
        self,
        signature: str,
        expected: dict[str, np.ndarray],
        answers: dict[str, np.ndarray],
    ) -> float:
        """Return the largest difference over all outputs.

        It is relative to the largest expected value where that exceeds 1.
        Images in files, in [0, 1], count as equal if no level differs by more
        than one of 255: rounding may go either way. Other strings differ by
        infinity or not at all.

        Raises:
            ValueError: If the outputs have other names or shapes.
        """
        if set(expected) != set(answers):
            raise ValueError(
                f"signature {signature!r} has the outputs {sorted(answers)}, "
                f"expected {sorted(expected)}. Export the model again."
            )
        largest = 0.0
        for name, wanted in expected.items():
            got = answers[name]
            if wanted.shape != got.shape:
                raise ValueError(
                    f"signature {signature!r} answers {name!r} in the shape "
                    f"{got.shape}, expected {wanted.shape}. Export the model "
                    "again."
                )
            compare = self._files
            if wanted.dtype != object:
                compare = relative_difference
            apart = compare(wanted, got) - self.steps.get(name, 0.0)
            largest = max(largest, apart)
        return largest

    def _files(self, wanted: np.ndarray, got: np.ndarray) -> float:
        pairs = zip(wanted.flat, got.flat, strict=True)
        return max((self._file(*pair) for pair in pairs), default=0.0)

    def _file(self, wanted: bytes, got: bytes) -> float:
        if wanted == got:
            return 0.0
        try:
            images = [
                self.png_reader.read(file).astype(int) for file in (wanted, got)
            ]
        except RuntimeError:
            return float("inf")
        if images[0].shape != images[1].shape:
            return float("inf")
        levels = int(np.abs(images[0] - images[1]).max(initial=0))
        return levels / 255 if levels > 1 else 0.0


class PngReader:
    """Reads PNG files in TensorFlow's C++ runtime: there may be no Pillow.

    It adds the operation that decodes PNG to a loaded graph.

    Args:
        graph: Any graph.
    """

    def __init__(self, graph: GraphSession):
        self.graph = graph
        library = graph.library
        what = "PNG files cannot be read"
        placeholder = library.TF_NewOperation(
            graph.graph, b"Placeholder", b"tfgen_png/file"
        )
        library.TF_SetAttrType(placeholder, b"dtype", DataType.DT_STRING)
        self._file = TFOutput(graph.finish(placeholder, what), 0)
        decode = library.TF_NewOperation(
            graph.graph, b"DecodePng", b"tfgen_png/levels"
        )
        library.TF_AddInput(decode, self._file)
        self._levels = TFOutput(graph.finish(decode, what), 0)

    def read(self, file: bytes) -> np.ndarray:
        """Return the levels: uint8 (height, width, channels).

        Raises:
            RuntimeFailure: If it is no PNG file.
        """
        array = np.empty((), object)
        array[()] = file
        (levels,) = self.graph.run(
            "a PNG file cannot be read", [self._file], [array], [self._levels]
        )
        return levels


def rounding_steps(detector: dict | None) -> dict[str, float]:
    """Return how far rounding may move outputs that do not change smoothly.

    A p-value changes by a step where a score passes that of a held-out row.
    Scores that lie as near as rounding goes may pass two.

    Args:
        detector: What the manifest says of the held-out rows, or None.
    """
    if detector is None:
        return {}
    step = len(detector["measures"]) / (detector["held_out"] + 1)
    return {"p_value": 2 * step}


def ask_apart(
    ask: Callable[[dict[str, np.ndarray]], dict],
    inputs: dict[str, np.ndarray],
    first: int,
) -> dict[str, np.ndarray]:
    """Return the answers to the first rows and to the rest, joined.

    Args:
        ask: Returns the outputs of inputs.
        inputs: Arrays by name.
        first: How many rows are asked first.
    """
    parts = [
        ask({key: array[rows] for key, array in inputs.items()})
        for rows in (slice(None, first), slice(first, None))
    ]
    return {
        key: np.concatenate([np.asarray(part[key]) for part in parts])
        for key in parts[0]
    }


def relative_difference(wanted: np.ndarray, got: np.ndarray) -> float:
    """Return the largest difference, relative to `wanted` where that exceeds 1.

    NaN counts as infinitely far off.
    """
    finite = wanted[np.isfinite(wanted)]
    scale = max(1.0, np.abs(finite).max(initial=0.0))
    # An infinite answer is right if the model gives it too.
    with np.errstate(invalid="ignore"):
        apart = np.abs(wanted.astype("float64") - got)
    difference = np.where(wanted == got, 0.0, apart).max(initial=0.0) / scale
    return float("inf") if np.isnan(difference) else float(difference)


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
