"""Loads a version as TensorFlow Serving does: batching and warm-up included."""

import struct
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from tfgen.export.batching_parameters import BatchingParameters
from tfgen.export.batching_session import BatchingSession
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.development_server.messages import (
    BatchingParametersProto,
    PredictionLog,
)
from tfgen.export.development_server.tensor_messages import read_tensor

BATCHING_FILE = "batching_params.pbtxt"
WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"


def load_version(path: Path) -> BatchingSession:
    """Load a version's folder and run its warm-up requests.

    Raises:
        ValueError: If a file in the folder is not as it should be.
        RuntimeError: If the C++ loader refuses the version, or a warm-up
            request fails.
    """
    parameters = read_batching_parameters(path / BATCHING_FILE)
    session = SavedModelSession(path)
    try:
        batching = BatchingSession(session, parameters)
        for request in _warm_up_requests(path / WARM_UP_FILE):
            inputs = {
                name: read_tensor(name, tensor)
                for name, tensor in request.inputs.items()
            }
            signature = request.model_spec.signature_name or "serving_default"
            batching.run(signature, **inputs)
    except BaseException:
        session.close()
        raise
    return batching


def read_batching_parameters(path: Path) -> BatchingParameters:
    """Read `batching_params.pbtxt`; without the file, the server's defaults.

    Raises:
        ValueError: If it is not in protobuf's text format, or the parameters
            do not fit each other.
    """
    if not path.is_file():
        return BatchingParameters()
    message = BatchingParametersProto()
    try:
        text_format.Parse(path.read_text(), message)
    except text_format.ParseError as error:
        raise ValueError(
            f"Expected batching parameters in {path}, got something else: "
            f"{error}."
        ) from None
    given = {
        name: getattr(message, name).value
        for name in (
            "max_batch_size",
            "batch_timeout_micros",
            "max_enqueued_batches",
            "num_batch_threads",
        )
        if message.HasField(name)
    }
    sizes = tuple(message.allowed_batch_sizes)
    if message.enable_large_batch_splitting.value:
        # They end with the size of a part then; batches stay whole here.
        sizes = ()
    return BatchingParameters(**given, allowed_batch_sizes=sizes)


def _warm_up_requests(path: Path) -> Iterator:
    """Yield the `PredictRequest`s of a TFRecord file."""
    if not path.is_file():
        return
    content = path.read_bytes()
    position = 0
    while position < len(content):
        # Length (8 bytes), its checksum (4), the record, its checksum (4).
        if position + 12 > len(content):
            raise ValueError(f"{path} ends early. Export the model again.")
        (length,) = struct.unpack_from("<Q", content, position)
        start = position + 12
        position = start + length + 4
        if position > len(content):
            raise ValueError(f"{path} ends early. Export the model again.")
        try:
            log = PredictionLog.FromString(content[start : start + length])
        except DecodeError:
            raise ValueError(
                f"{path} holds a record that is no PredictionLog. Export the "
                "model again."
            ) from None
        if log.HasField("predict_log"):
            yield log.predict_log.request
