"""The JSON of a predict request as arrays, read as TensorFlow Serving does.

`{"instances": [...]}` holds a value a row, `{"inputs": ...}` a value an input;
an object `{"b64": "..."}` holds bytes. Refusals are in the server's words.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
)
from tfgen.export.meta_graph import SignatureDescription

# Above it, not every integer is a float32.
_LARGEST_EXACT_INTEGER = 2**24 - 1
# NumPy has one more, for the rows.
_MOST_DIMENSIONS = 63
# The server's names of types.
_TYPE_NAMES = {"float32": "float", "float64": "double"}


def parse_request(body: bytes) -> dict:
    """Return the JSON object of a request.

    Raises:
        ServingError: If the body is no JSON object, or its keys do not fit
            each other.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        request = json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(
            f"JSON Parse error: Invalid value. at offset: {error.pos}"
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise invalid(
            "JSON Parse error: Invalid encoding in string. at offset: 0"
        ) from None
    if not isinstance(request, dict):
        raise invalid(f"JSON Value: {_text(request)} Is not object")
    if not isinstance(request.get("signature_name", ""), str):
        raise invalid(
            f"JSON Value: {_text(request)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return request


def read_arrays(
    request: dict, signature: SignatureDescription
) -> dict[str, np.ndarray]:
    """Return the array of each input.

    Raises:
        ServingError: If the request does not fit the signature.
    """
    has_rows, has_columns = "instances" in request, "inputs" in request
    if has_rows and has_columns:
        raise invalid(
            f"JSON Value: {_text(request)} Not formatted correctly expecting "
            "only one of 'inputs' or 'instances' keys to exist "
        )
    if has_rows:
        return _read_rows(request, signature)
    if has_columns:
        return _read_columns(request["inputs"], signature)
    raise invalid("Missing 'inputs' or 'instances' key")


def _read_rows(request: dict, signature: SignatureDescription) -> dict:
    rows = request["instances"]
    if not isinstance(rows, list):
        raise invalid(
            f"JSON Value: {_text(request)} Excepting 'instances' to be an "
            "list/array"
        )
    if not rows:
        raise invalid(
            f"JSON Value: {_text(request)} No values in 'instances' array"
        )
    if _is_named(rows[0]):
        columns = _named_columns(rows, set(signature.inputs))
        prefix = "Failed to process element: {} key: {} of 'instances' list. "
    else:
        if len(signature.inputs) > 1:
            raise invalid(
                "instances is a plain list, but expecting list of objects as "
                "multiple input tensors required as per tensorinfo_map"
            )
        if any(map(_is_named, rows)):
            position = [_is_named(row) for row in rows].index(True)
            raise invalid(
                "Expecting value/list but got object at item "
                f"{position} of input list"
            )
        columns = {next(iter(signature.inputs)): rows}
        prefix = "Failed to process element: {} of 'instances' list. "
    return {
        name: _join_rows(name, values, signature.inputs[name].dtype, prefix)
        for name, values in columns.items()
    }


def _named_columns(rows: list, names: set[str]) -> dict[str, list]:
    for position, row in enumerate(rows):
        if not _is_named(row):
            raise invalid(
                f"Expecting object but got list at item {position} of input "
                "list"
            )
        for name in row:
            if name not in names:
                raise invalid(
                    f"Failed to process element: {position} key: {name} of "
                    "'instances' list. Error: INVALID_ARGUMENT: JSON object: "
                    f"does not have named input: {name}"
                )
        if set(row) != names:
            raise invalid(
                f"Failed to process element: {position} of 'instances' list. "
                f"JSON object: {_text(row)} keys must be equal to: "
                + ",".join(sorted(names))
            )
    return {name: [row[name] for row in rows] for name in sorted(names)}


def _join_rows(name: str, values: list, dtype: str, prefix: str) -> np.ndarray:
    array = _quick_array(values, dtype)
    if array is not None:
        return array
    arrays = []
    for position, value in enumerate(values):
        try:
            array = _to_array(value, dtype)
            if arrays:
                _check_like(array, arrays[0])
        except ServingError as error:
            raise invalid(
                prefix.format(position, name)
                + f"Error: INVALID_ARGUMENT: {error.message}"
            ) from None
        arrays.append(array)
    return np.stack(arrays)


def _read_columns(inputs: Any, signature: SignatureDescription) -> dict:
    if not _is_named(inputs):
        if len(signature.inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as "
                "multiple input tensors required as per tensorinfo_map"
            )
        inputs = {next(iter(signature.inputs)): inputs}
    arrays = {}
    for name, info in signature.inputs.items():
        if name not in inputs:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        array = _quick_array(inputs[name], info.dtype)
        if array is None:
            array = _to_array(inputs[name], info.dtype)
        arrays[name] = array
    return arrays


def _quick_array(value: Any, dtype: str) -> np.ndarray | None:
    """Return the array, or None for `_to_array` to look at it closely."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    kind = np.dtype(dtype).kind if dtype != "string" else "O"
    # NumPy takes true for 1: a sum of mixed types shows nowhere else.
    if kind == "f" and array.dtype.kind == "f" and not _has_bool(value):
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


def _to_array(value: Any, dtype: str) -> np.ndarray:
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
                f"JSON Value: {_text(value)} found at incorrect level: "
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
    if dtype in _TYPE_NAMES and number:
        return _to_float(value, dtype)
    if dtype not in (*_TYPE_NAMES, "bool") and number:
        limits = np.iinfo(dtype)
        if isinstance(value, int) and limits.min <= value <= limits.max:
            return value
    raise invalid(
        f"JSON Value: {_text(value)} Type: {_type_name(value)} is not of "
        f"expected type: {_TYPE_NAMES.get(dtype, dtype)}"
    )


def _to_float(value: float, dtype: str) -> float:
    limit = float(np.finfo(dtype).max)
    if isinstance(value, int):
        limit = 2**53 - 1 if dtype == "float64" else _LARGEST_EXACT_INTEGER
    if abs(value) > limit and value not in (float("inf"), float("-inf")):
        raise invalid(
            f"Cannot convert JSON value: {_text(value)} to "
            f"{_TYPE_NAMES[dtype]} without loss of precision."
        )
    return value


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    if not isinstance(value, dict):
        raise invalid(
            f"JSON Value: {_text(value)} Type: {_type_name(value)} is not of "
            "expected type: string"
        )
    if not _is_base64(value):
        raise invalid(
            f"JSON Value: {_text(value)} not formatted correctly for base64 "
            "data"
        )
    text = value["b64"]
    try:
        # The server does without the padding, too.
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def _check_like(array: np.ndarray, first: np.ndarray) -> None:
    if array.size != first.size:
        raise invalid(
            f"Expecting tensor size: {first.size} but got: {array.size}"
        )
    if array.shape != first.shape:
        raise invalid(
            f"Expecting shape {_shape_text(first)} but got: "
            f"{_shape_text(array)}"
        )


def _shape_text(array: np.ndarray) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
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


def _text(value: Any) -> str:
    """The value as JSON; the server prints all of it, however long."""
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
