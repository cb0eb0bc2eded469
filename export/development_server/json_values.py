"""Values in JSON as arrays, read as TensorFlow Serving does.

An object `{"b64": "..."}` is bytes. Refusals are in the server's words.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfgen.export.development_server.serving_error import invalid
from tfgen.export.messages import DTYPES

# Above them, not every integer is a number of the type.
_LARGEST_EXACT_INTEGERS = {"float32": 2**24 - 1, "float64": 2**53 - 1}
# NumPy has one more, for the rows.
_MOST_DIMENSIONS = 63
_FLOATS = ("float32", "float64")


def to_array(value: Any, dtype: str) -> np.ndarray:
    """Return nested lists of one shape as an array.

    Raises:
        ServingError: If they have no one shape, or hold other types.
    """
    array = _quick_array(value, dtype)
    return _close_array(value, dtype) if array is None else array


def _quick_array(value: Any, dtype: str) -> np.ndarray | None:
    """Return the array, or None for `_close_array` to look closely."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    kind = np.dtype(dtype).kind if dtype != "string" else "O"
    # NumPy takes true for 1: a sum of mixed types shows nowhere else.
    if kind == "f" and array.dtype.kind == "f" and not _has_bool(value):
        # It may have been an integer, which floats beside it hide.
        if (abs(array) > _LARGEST_EXACT_INTEGERS.get(dtype, np.inf)).any():
            return None
        with np.errstate(over="ignore"):
            converted = array.astype(dtype)
        if (np.isfinite(converted) == np.isfinite(array)).all():
            return converted
    if kind == "i" and array.dtype.kind == "i" and not _has_bool(value):
        converted = array.astype(dtype)
        if (converted == array).all():
            return converted
    return None


def _has_bool(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_bool, value))
    return isinstance(value, bool)


def _close_array(value: Any, dtype: str) -> np.ndarray:
    shape = _shape(value)
    values = list(_leaves(value, shape, 0, dtype))
    array = np.empty(len(values), object if dtype == "string" else dtype)
    array[:] = values
    return array.reshape(shape)


def _shape(value: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > _MOST_DIMENSIONS:
            raise invalid(
                f"A list is nested more than {_MOST_DIMENSIONS} levels deep"
            )
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _leaves(value: Any, shape: tuple, level: int, dtype: str) -> Iterator:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {json_text(value)} found at incorrect level: "
                f"{level + 1} in the JSON DOM. Expected at level: {len(shape)}"
            )
        yield _leaf(value, dtype)
        return
    if level >= len(shape):
        raise invalid(
            f"Encountered list at unexpected level: {level} expected < "
            f"{len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: "
            f"{level} expected size: {shape[level]}"
        )
    for item in value:
        yield from _leaves(item, shape, level + 1, dtype)


def _leaf(value: Any, dtype: str) -> Any:
    if dtype == "string":
        return _to_bytes(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if dtype == "bool" and isinstance(value, bool):
        return value
    if dtype in _FLOATS and number:
        return _to_float(value, dtype)
    if dtype not in (*_FLOATS, "bool") and number:
        limits = np.iinfo(dtype)
        if isinstance(value, int) and limits.min <= value <= limits.max:
            return value
    raise invalid(
        f"JSON Value: {json_text(value)} Type: {_type_name(value)} is not of "
        f"expected type: {DTYPES[dtype].short_name}"
    )


def _to_float(value: float, dtype: str) -> float:
    limit = float(np.finfo(dtype).max)
    if isinstance(value, int):
        limit = _LARGEST_EXACT_INTEGERS[dtype]
    if abs(value) > limit and value not in (float("inf"), float("-inf")):
        raise invalid(
            f"Cannot convert JSON value: {json_text(value)} to "
            f"{DTYPES[dtype].short_name} without loss of precision."
        )
    return value


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    if not isinstance(value, dict):
        raise invalid(
            f"JSON Value: {json_text(value)} Type: {_type_name(value)} is not "
            "of expected type: string"
        )
    if not is_base64(value):
        raise invalid(
            f"JSON Value: {json_text(value)} not formatted correctly for "
            "base64 data"
        )
    text = value["b64"]
    try:
        # The server does without the padding, too.
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def is_base64(value: Any) -> bool:
    """Whether it is an object that holds bytes."""
    return (
        isinstance(value, dict)
        and list(value) == ["b64"]
        and isinstance(value["b64"], str)
    )


def _type_name(value: Any) -> str:
    names = {
        type(None): "Null",
        dict: "Object",
        list: "Array",
        str: "String",
        bool: str(value),
    }
    return names.get(type(value), "Number")


def json_text(value: Any) -> str:
    """Return it as JSON, cut: the server prints all of it, however long."""
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
