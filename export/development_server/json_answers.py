"""Arrays as the JSON that TensorFlow Serving's REST interface answers with."""

import base64
import json
from typing import Any

import numpy as np

from tfgen.export.development_server.serving_error import invalid


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
    columns = {name: _values(name, array) for name, array in outputs.items()}
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
    columns = {name: _values(name, array) for name, array in outputs.items()}
    if len(columns) == 1:
        (columns,) = columns.values()
    return _encode({"outputs": columns})


def _values(name: str, array: np.ndarray) -> Any:
    if array.dtype == object:
        return _strings(array.tolist(), name.endswith("_bytes"))
    if array.dtype == np.float32:
        # The shortest digits that mean the same float32: 0.2, where the
        # double of it is 0.20000000298023224.
        array = array.astype("U").astype(np.float64)
    return array.tolist()


def _strings(value: Any, encoded: bool) -> Any:
    if isinstance(value, list):
        return [_strings(item, encoded) for item in value]
    if encoded:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")


def _encode(content: dict) -> bytes:
    return json.dumps(content).encode()
