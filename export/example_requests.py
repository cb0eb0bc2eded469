"""Requests to TensorFlow Serving's REST interface, ready to be sent."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def write_examples(
    folder: str | Path,
    requests: Iterable[tuple[str, dict[str, np.ndarray]]],
) -> None:
    """Write `<signature>.json`, one line each, for `curl -d @FILE`.

    Args:
        folder: It is made.
        requests: Names of signatures, and inputs by name.
    """
    folder = Path(folder)
    folder.mkdir()
    for signature, inputs in requests:
        text = json.dumps(request_body(signature, inputs)) + "\n"
        (folder / f"{signature}.json").write_text(text)


def request_body(
    signature: str, inputs: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The body of a predict request in the row format.

    Args:
        signature: Its name.
        inputs: Arrays by name, one row an instance; files are `bytes`.
    """
    rows = [[_in_json(value) for value in array] for array in inputs.values()]
    return {
        "signature_name": signature,
        "instances": [
            dict(zip(inputs, row, strict=True))
            for row in zip(*rows, strict=True)
        ],
    }


def _in_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray):
        return [_in_json(part) for part in value]
    # The shortest text that is this float32, not this float64.
    return float(str(value)) if isinstance(value, np.floating) else int(value)
