"""One request a signature, for servers to warm up and for people to try.

Both lie in `assets.extra/` of a version: TFRecords of `PredictionLog`s, and
JSON for TensorFlow Serving's REST interface.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.export.messages import message_class
from tfgen.export.tensor_conversion import (
    read_tensor,
    to_json_values,
    write_tensor,
)

_DEFAULT = "serving_default"


def write_warm_up(
    path: str | Path,
    model: str,
    requests: Iterable[tuple[str, dict[str, np.ndarray]]],
) -> None:
    """Write the requests that a server runs before it offers a version.

    The first call of a signature takes a hundred times as long as the next;
    a server that finds such a file makes it before the clients do.

    Args:
        path: `assets.extra/tf_serving_warmup_requests` of a version.
        model: Its name.
        requests: Names of signatures, and inputs by name.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            log = message_class("PredictionLog")()
            request = log.predict_log.request
            request.model_spec.name = model
            request.model_spec.signature_name = signature
            for name, array in inputs.items():
                request.inputs[name].CopyFrom(write_tensor(array))
            writer.write(log.SerializeToString(deterministic=True))


def read_warm_up(
    path: str | Path,
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield signature and inputs of each request; none without the file.

    Read with the standard library and protobuf: a server has no Python's
    TensorFlow.

    Raises:
        ValueError: If it is no such file.
    """
    from google.protobuf.message import DecodeError

    path = Path(path)
    if not path.is_file():
        return
    for record in _records(path):
        try:
            log = message_class("PredictionLog").FromString(record)
        except DecodeError:
            raise ValueError(
                f"{path} holds a record that is no PredictionLog. Export the "
                "model again."
            ) from None
        if log.HasField("predict_log"):
            request = log.predict_log.request
            inputs = {
                name: read_tensor(name, tensor)
                for name, tensor in request.inputs.items()
            }
            yield request.model_spec.signature_name or _DEFAULT, inputs


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
        text = json.dumps(_request_body(signature, inputs)) + "\n"
        (folder / f"{signature}.json").write_text(text)


def _request_body(
    signature: str, inputs: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The body of a predict request in the row format; files are `bytes`."""
    rows = [to_json_values(array) for array in inputs.values()]
    return {
        "signature_name": signature,
        "instances": [
            dict(zip(inputs, row, strict=True))
            for row in zip(*rows, strict=True)
        ],
    }


def _records(path: Path) -> Iterator[bytes]:
    """Yield the records of a TFRecord file."""
    content = path.read_bytes()
    position = 0
    while position < len(content):
        # Length (8 bytes), its checksum (4), the record, its checksum (4).
        start = end = position + 12
        if start <= len(content):
            end += struct.unpack_from("<Q", content, position)[0]
        position = end + 4
        if position > len(content):
            raise ValueError(f"{path} ends early. Export the model again.")
        yield content[start:end]
