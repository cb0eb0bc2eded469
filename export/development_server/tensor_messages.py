"""`TensorProto` messages as arrays and back."""

import math

import numpy as np

from tfgen.export.development_server.messages import TensorProto
from tfgen.export.development_server.serving_error import invalid
from tfgen.export.meta_graph import DTYPE_NAMES

_NUMBERS = {name: number for number, name in DTYPE_NAMES.items()}
# Where the values of an element type are; smaller integers share `int_val`.
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


def dtype_number(dtype: str) -> int:
    """Return the number of `types.proto`; 0 if it is none."""
    return _NUMBERS.get(dtype, 0)


def read_tensor(name: str, tensor) -> np.ndarray:
    """Return the array of an input.

    Raises:
        ServingError: If the message holds no array.
    """
    dtype = DTYPE_NAMES.get(tensor.dtype)
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if dtype in (None, "bfloat16") or min(shape, default=0) < 0:
        raise invalid(f"tensor parsing error: {name}")
    size = math.prod(shape)
    if tensor.tensor_content and dtype != "string":
        array = np.frombuffer(tensor.tensor_content, dtype)
    else:
        array = _read_values(tensor, dtype, size)
    if array.size != size:
        raise invalid(f"tensor parsing error: {name}")
    return array.reshape(shape)


def write_tensor(array: np.ndarray):
    """Return the `TensorProto` of an output, its values in typed fields."""
    dtype = "string" if array.dtype == object else str(array.dtype)
    tensor = TensorProto(dtype=_NUMBERS[dtype])
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if dtype == "float16":
        array = array.view(np.uint16)
    field = getattr(tensor, _FIELDS.get(dtype, "int_val"))
    field.extend(array.ravel().tolist())
    return tensor


def _read_values(tensor, dtype: str, size: int) -> np.ndarray:
    values = getattr(tensor, _FIELDS.get(dtype, "int_val"))
    if dtype == "string":
        array = np.empty(len(values), object)
        array[:] = values
    elif dtype == "float16":
        array = np.asarray(values, np.uint16).view(np.float16)
    else:
        array = np.asarray(values).astype(dtype)
    if 0 < array.size < size:
        # The last value stands for those that are left out.
        return np.concatenate([array, np.repeat(array[-1:], size - array.size)])
    return array if size or not array.size else array[:0]
