"""NumPy arrays to TensorFlow's C tensors and back."""

import ctypes
from collections.abc import Mapping

import numpy as np

from tfgen.export.meta_graph import SignatureDescription

# Element types that go in and out, by their number in types.proto.
_DTYPES = {
    1: np.dtype("float32"),
    3: np.dtype("int32"),
    9: np.dtype("int64"),
}
_DTYPE_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}


def check_inputs(
    signature: str, description: SignatureDescription, arrays: Mapping
) -> dict[str, np.ndarray]:
    """Return the arrays in the inputs' element types, or raise ValueError."""
    if set(arrays) != set(description.inputs):
        raise ValueError(
            f"Signature {signature!r} expected the inputs "
            f"{sorted(description.inputs)}, got {sorted(arrays)}."
        )
    converted = {}
    for name, info in description.inputs.items():
        array = np.asarray(arrays[name])
        if info.dtype not in [str(dtype) for dtype in _DTYPE_NUMBERS]:
            raise ValueError(
                f"Input {name!r} of signature {signature!r} is {info}, which "
                "SavedModelSession cannot feed."
            )
        if not np.can_cast(array.dtype, info.dtype, "same_kind"):
            raise ValueError(
                f"Input {name!r} of signature {signature!r} expected {info}, "
                f"got {array.dtype}. Convert it first."
            )
        if info.shape is not None and not _fits(array.shape, info.shape):
            raise ValueError(
                f"Input {name!r} of signature {signature!r} expected {info}, "
                f"got an array of shape {array.shape}."
            )
        converted[name] = np.asarray(array, info.dtype, order="C")
    return converted


def _fits(shape: tuple, expected: tuple) -> bool:
    return len(shape) == len(expected) and all(
        wanted in (None, size)
        for size, wanted in zip(shape, expected, strict=True)
    )


def new_tensor(library, array: np.ndarray) -> int:
    """Return a copy of the array, a `TF_Tensor` that the caller frees."""
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    tensor = library.TF_AllocateTensor(
        _DTYPE_NUMBERS[array.dtype], dims, array.ndim, array.nbytes
    )
    ctypes.memmove(
        library.TF_TensorData(tensor), array.ctypes.data, array.nbytes
    )
    return tensor


def to_array(library, tensor: int) -> np.ndarray:
    """Return a copy of a `TF_Tensor`, which may be freed afterwards."""
    number = library.TF_TensorType(tensor)
    if number not in _DTYPES:
        raise RuntimeError(
            f"An output has element type {number} of types.proto; expected "
            f"one of {[str(dtype) for dtype in _DTYPES.values()]}."
        )
    shape = [
        library.TF_Dim(tensor, axis)
        for axis in range(library.TF_NumDims(tensor))
    ]
    array = np.empty(shape, _DTYPES[number])
    ctypes.memmove(
        array.ctypes.data, library.TF_TensorData(tensor), array.nbytes
    )
    return array
