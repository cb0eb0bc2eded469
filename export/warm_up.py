"""The requests that a server runs before it offers a version."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

# Field numbers of tensorflow_serving/apis: prediction_log.proto,
# predict.proto, model.proto; the package would be a dependency for these.
_PREDICT_LOG = 6
_REQUEST = 1
_MODEL_SPEC, _INPUTS = 1, 2
_MODEL_NAME, _SIGNATURE_NAME = 1, 3
_KEY, _VALUE = 1, 2


def write_warm_up(
    path: str | Path,
    model: str,
    requests: Iterable[tuple[str, dict[str, np.ndarray]]],
) -> None:
    """Write a TFRecord file of `PredictionLog`s.

    The first call of a signature takes a hundred times as long as the next;
    a server that finds such a file makes it before the clients do.

    Args:
        path: `assets.extra/tf_serving_warmup_requests` of a version.
        model: its name.
        requests: names of signatures, and inputs by name.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            writer.write(_prediction_log(model, signature, inputs))


def _prediction_log(
    model: str, signature: str, inputs: dict[str, np.ndarray]
) -> bytes:
    spec = _field(_MODEL_NAME, model.encode())
    spec += _field(_SIGNATURE_NAME, signature.encode())
    request = _field(_MODEL_SPEC, spec)
    for name, array in inputs.items():
        tensor = tf.make_tensor_proto(array).SerializeToString()
        entry = _field(_KEY, name.encode()) + _field(_VALUE, tensor)
        request += _field(_INPUTS, entry)
    return _field(_PREDICT_LOG, _field(_REQUEST, request))


def _field(number: int, content: bytes) -> bytes:
    """A string or message with its tag and length, as protocol buffers do."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
