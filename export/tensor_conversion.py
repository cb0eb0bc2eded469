"""NumPy arrays to TensorFlow's C tensors and back.

Strings are arrays of `bytes` objects, as everywhere in TensorFlow.
"""

import ctypes
from collections.abc import Mapping

import numpy as np

from tfgen.export.meta_graph import DTYPE_NAMES, SignatureDescription
from tfgen.export.tensorflow_library import STRING_SIZE

_STRING = 7
# Element types that go in and out, by their number in types.proto.
_DTYPES = {
    number: np.dtype(name)
    for number, name in DTYPE_NAMES.items()
    if name not in ("string", "bfloat16")
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
        label = f"Input {name!r} of signature {signature!r}"
        array = _convert(label, info, arrays[name])
        if info.shape is not None and not _fits(array.shape, info.shape):
            raise ValueError(
                f"{label} expected {info}, got an array of shape {array.shape}."
            )
        converted[name] = array
    return converted


def new_tensor(library, array: np.ndarray) -> int:
    """Return a copy of the array, a `TF_Tensor` that the caller deletes.

    Its strings are freed with it.
    """
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    strings = array.dtype == object
    tensor = library.TF_AllocateTensor(
        _STRING if strings else _DTYPE_NUMBERS[array.dtype],
        dims,
        array.ndim,
        array.size * STRING_SIZE if strings else array.nbytes,
    )
    data = library.TF_TensorData(tensor)
    if not strings:
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor
    for position, value in enumerate(array.flat):
        library.TF_StringInit(data + position * STRING_SIZE)
        library.TF_StringCopy(data + position * STRING_SIZE, value, len(value))
    return tensor


def to_array(library, tensor: int) -> np.ndarray:
    """Return a copy of a `TF_Tensor`, which may be freed afterwards."""
    number = library.TF_TensorType(tensor)
    shape = [
        library.TF_Dim(tensor, axis)
        for axis in range(library.TF_NumDims(tensor))
    ]
    if number == _STRING:
        return _to_strings(library, tensor).reshape(shape)
    if number not in _DTYPES:
        raise RuntimeError(
            f"An output has element type {number} of types.proto; expected "
            f"one of {[str(dtype) for dtype in _DTYPES.values()]} or string."
        )
    array = np.empty(shape, _DTYPES[number])
    ctypes.memmove(
        array.ctypes.data, library.TF_TensorData(tensor), array.nbytes
    )
    return array


def _convert(label: str, info, value) -> np.ndarray:
    if info.dtype == "string":
        return _convert_strings(label, info, value)
    array = np.asarray(value)
    if info.dtype not in map(str, _DTYPE_NUMBERS):
        raise ValueError(
            f"{label} is {info}, which SavedModelSession cannot feed."
        )
    if not np.can_cast(array.dtype, info.dtype, "same_kind"):
        raise ValueError(
            f"{label} expected {info}, got {array.dtype}. Convert it first."
        )
    return np.asarray(array, info.dtype, order="C")


def _convert_strings(label: str, info, value) -> np.ndarray:
    # Not by way of NumPy's own bytes, which lose zeros at the end.
    array = np.asarray(value, object)
    for item in array.flat:
        if not isinstance(item, bytes):
            raise ValueError(
                f"{label} expected {info}, got {type(item).__name__}. Pass "
                "bytes."
            )
    return array


def _fits(shape: tuple, expected: tuple) -> bool:
    return len(shape) == len(expected) and all(
        wanted in (None, size)
        for size, wanted in zip(shape, expected, strict=True)
    )


def _to_strings(library, tensor: int) -> np.ndarray:
    data = library.TF_TensorData(tensor)
    array = np.empty(library.TF_TensorElementCount(tensor), object)
    for position in range(array.size):
        string = data + position * STRING_SIZE
        array[position] = ctypes.string_at(
            library.TF_StringGetDataPointer(string),
            library.TF_StringGetSize(string),
        )
    return array
