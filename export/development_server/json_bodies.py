"""Predict requests in JSON as arrays, and arrays as the JSON of the answer.

`{"instances": [...]}` holds a value a row, `{"inputs": ...}` a value an input;
an object `{"b64": "..."}` holds bytes. Refusals are in the server's words.
"""

import contextlib
import json
from typing import Any

import numpy as np

from tfgen.export.development_server.json_values import (
    is_base64,
    json_text,
    to_array,
)
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
)
from tfgen.export.meta_graph import SignatureDescription
from tfgen.export.tensor_conversion import to_json_values


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
    except ValueError:  # an integer of more digits than Python reads
        raise invalid(
            "JSON Parse error: Number too big to be stored in double."
        ) from None
    if not isinstance(request, dict):
        raise invalid(f"JSON Value: {json_text(request)} Is not object")
    if not isinstance(request.get("signature_name", ""), str):
        raise invalid(
            f"JSON Value: {json_text(request)} not formatted correctly. "
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
            f"JSON Value: {json_text(request)} Not formatted correctly "
            "expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if has_rows:
        return _read_rows(request, signature)
    if has_columns:
        return _read_columns(request["inputs"], signature)
    raise invalid("Missing 'inputs' or 'instances' key")


def rows_json(outputs: dict[str, np.ndarray]) -> bytes:
    """Return `{"predictions": [...]}`, an object a row.

    Where there is one output only, a row is its value alone.

    Raises:
        ServingError: If the outputs differ in their number of rows.
    """
    sizes = {name: len(array) for name, array in outputs.items()}
    first = next(iter(sizes.values()))
    for name, size in sizes.items():
        if size != first:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {size} "
                f"expecting: {first}"
            )
    columns = _columns(outputs)
    if len(columns) == 1:
        (rows,) = columns.values()
    else:
        rows = [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
        ]
    return _encode({"predictions": rows})


def columns_json(outputs: dict[str, np.ndarray]) -> bytes:
    """Return `{"outputs": ...}`: the arrays by name, or the only one."""
    columns = _columns(outputs)
    if len(columns) == 1:
        (columns,) = columns.values()
    return _encode({"outputs": columns})


def _read_rows(request: dict, signature: SignatureDescription) -> dict:
    rows = request["instances"]
    if not isinstance(rows, list):
        raise invalid(
            f"JSON Value: {json_text(request)} Excepting 'instances' to be an "
            "list/array"
        )
    if not rows:
        raise invalid(
            f"JSON Value: {json_text(request)} No values in 'instances' array"
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
                f"JSON object: {json_text(row)} keys must be equal to: "
                + ",".join(sorted(names))
            )
    return {name: [row[name] for row in rows] for name in sorted(names)}


def _join_rows(name: str, values: list, dtype: str, prefix: str) -> np.ndarray:
    with contextlib.suppress(ServingError):
        return to_array(values, dtype)
    # Again, for what is wrong with which row.
    arrays = []
    for position, value in enumerate(values):
        try:
            array = to_array(value, dtype)
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
        arrays[name] = to_array(inputs[name], info.dtype)
    return arrays


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
    return isinstance(value, dict) and not is_base64(value)


def _columns(outputs: dict[str, np.ndarray]) -> dict[str, Any]:
    # The server goes by the name: other strings are text.
    return {
        name: to_json_values(array, as_base64=name.endswith("_bytes"))
        for name, array in outputs.items()
    }


def _encode(content: dict) -> bytes:
    return json.dumps(content).encode()
