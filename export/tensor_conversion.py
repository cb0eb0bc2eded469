"""NumPy arrays as C tensors, `TensorProto`s and JSON; the former two back.

Strings are arrays of `bytes` objects, as everywhere in TensorFlow.
"""

import base64
import ctypes
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfgen.export.messages import DTYPES, DataType, message_class
from tfgen.export.meta_graph import SignatureDescription, TensorDescription
from tfgen.export.tensorflow_library import STRING_SIZE

# Element types that go in and out: NumPy has no bfloat16.
_DTYPES = {
    kind: np.dtype("object" if name == "string" else name)
    for name, kind in DTYPES.items()
    if name != "bfloat16"
}
_DTYPE_NUMBERS = {dtype: kind for kind, dtype in _DTYPES.items()}
_NAMES = [kind.numpy_name for kind in _DTYPES]
# Where a `TensorProto` has the values of an element type; smaller integers
# share `int_val`.
_FIELDS = {
    "float16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
    "string": "string_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}


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


def new_tensor(library: ctypes.CDLL, array: np.ndarray) -> int:
    """Return a copy of the array, a `TF_Tensor` that the caller deletes.

    Its strings are freed with it.
    """
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    strings = array.dtype == object
    tensor = library.TF_AllocateTensor(
        _DTYPE_NUMBERS[array.dtype],
        dims,
        array.ndim,
        array.size * STRING_SIZE if strings else array.nbytes,
    )
    data = library.TF_TensorData(tensor)
    if not strings:
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor
    # The C library, not NumPy, knows where a TF_TString keeps its bytes:
    # within itself up to 22 of them, on its own heap beyond.
    for position, value in enumerate(array.flat):
        library.TF_StringInit(data + position * STRING_SIZE)
        library.TF_StringCopy(data + position * STRING_SIZE, value, len(value))
    return tensor


def to_array(library: ctypes.CDLL, tensor: int) -> np.ndarray:
    """Return a copy of a `TF_Tensor`, which may be freed afterwards."""
    number = library.TF_TensorType(tensor)
    shape = [
        library.TF_Dim(tensor, axis)
        for axis in range(library.TF_NumDims(tensor))
    ]
    if number == DataType.DT_STRING:
        return _to_strings(library, tensor).reshape(shape)
    if number not in _DTYPES:
        raise RuntimeError(
            f"An output has element type {number} of types.proto; expected "
            f"one of {_NAMES}. Cast it in the endpoint."
        )
    array = np.empty(shape, _DTYPES[number])
    ctypes.memmove(
        array.ctypes.data, library.TF_TensorData(tensor), array.nbytes
    )
    return array


def read_tensor(name: str, tensor: Any) -> np.ndarray:
    """Return the array of a `TensorProto`.

    Raises:
        ValueError: If the message holds no array, in the server's words.
    """
    dtype = _DTYPES.get(tensor.dtype)
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if dtype is None or min(shape, default=0) < 0:
        raise ValueError(f"tensor parsing error: {name}")
    size = math.prod(shape)
    if tensor.tensor_content and dtype.kind != "O":
        array = np.frombuffer(tensor.tensor_content, dtype)
    else:
        array = _read_values(tensor, dtype, size)
    if array.size != size:
        raise ValueError(f"tensor parsing error: {name}")
    return array.reshape(shape)


def write_tensor(array: np.ndarray) -> Any:
    """Return the `TensorProto` of an array, its values in typed fields."""
    tensor = message_class("TensorProto")(dtype=_DTYPE_NUMBERS[array.dtype])
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if array.dtype == np.float16:
        array = array.view(np.uint16)
    _values(tensor).extend(array.ravel().tolist())
    return tensor


def to_json_values(array: np.ndarray, as_base64: bool = True) -> Any:
    """Return an array as the lists that JSON has of it.

    Args:
        array: Numbers, or `bytes` objects.
        as_base64: Whether bytes become `{"b64": ...}`; else they are text.
    """
    if array.dtype == object:
        return _to_json_strings(array.tolist(), as_base64)
    if array.dtype == np.float32:
        # The shortest digits that mean the same float32: 0.2, where the
        # double of it is 0.20000000298023224.
        array = array.astype("U").astype(np.float64)
    return array.tolist()


def _to_json_strings(value: Any, as_base64: bool) -> Any:
    if isinstance(value, list):
        return [_to_json_strings(item, as_base64) for item in value]
    if as_base64:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")


def _values(tensor: Any) -> Any:
    """The field of a `TensorProto` that has its element type's values."""
    dtype = DataType(tensor.dtype).numpy_name
    return getattr(tensor, _FIELDS.get(dtype, "int_val"))


def _read_values(tensor: Any, dtype: np.dtype, size: int) -> np.ndarray:
    values = _values(tensor)
    if dtype.kind == "O":
        array = np.empty(len(values), object)
        array[:] = values
    elif dtype == np.float16:
        array = np.asarray(values, np.uint16).view(np.float16)
    else:
        array = np.asarray(values).astype(dtype)
    if 0 < array.size < size:
        # The last value stands for those that are left out.
        return np.concatenate([array, np.repeat(array[-1:], size - array.size)])
    return array if size or not array.size else array[:0]


def _convert(label: str, info: TensorDescription, value: Any) -> np.ndarray:
    if info.dtype == "string":
        return _convert_strings(label, info, value)
    array = np.asarray(value)
    if DTYPES.get(info.dtype) not in _DTYPES:
        raise ValueError(
            f"{label} is {info}, which SavedModelSession cannot feed; "
            f"expected one of {_NAMES}. Cast it in the endpoint."
        )
    if not np.can_cast(array.dtype, info.dtype, "same_kind"):
        raise ValueError(
            f"{label} expected {info}, got {array.dtype}. Convert it first."
        )
    return np.asarray(array, info.dtype, order="C")


def _convert_strings(
    label: str, info: TensorDescription, value: Any
) -> np.ndarray:
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


def _to_strings(library: ctypes.CDLL, tensor: int) -> np.ndarray:
    data = library.TF_TensorData(tensor)
    array = np.empty(library.TF_TensorElementCount(tensor), object)
    for position in range(array.size):
        string = data + position * STRING_SIZE
        array[position] = ctypes.string_at(
            library.TF_StringGetDataPointer(string),
            library.TF_StringGetSize(string),
        )
    return array
