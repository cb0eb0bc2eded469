"""The protocol buffers that servers, clients and SavedModels exchange.

One table of their fields, and classes made of it: `tensorflow-serving-api`
would import TensorFlow, which the server does without. Names, numbers and
types are those of tensorflow_serving/apis, tensorflow/core/framework and
tensorflow/core/protobuf, and so are the bytes; fields that are left out here
are skipped by the parser.
"""

import enum
import functools
from typing import Any


class DataType(enum.IntEnum):
    """Element types, from types.proto."""

    DT_INVALID = 0
    DT_FLOAT = 1
    DT_DOUBLE = 2
    DT_INT32 = 3
    DT_UINT8 = 4
    DT_INT16 = 5
    DT_INT8 = 6
    DT_STRING = 7
    DT_INT64 = 9
    DT_BOOL = 10
    DT_BFLOAT16 = 14
    DT_UINT16 = 17
    DT_HALF = 19
    DT_UINT32 = 22
    DT_UINT64 = 23

    @property
    def short_name(self) -> str:
        """The server's name in its messages to users, such as `"float"`."""
        return self.name.removeprefix("DT_").lower()

    @property
    def numpy_name(self) -> str:
        """NumPy's name, such as `"float32"`."""
        return {"float": "float32", "double": "float64", "half": "float16"}.get(
            self.short_name, self.short_name
        )


class Code(enum.IntEnum):
    """Status codes of error_codes.proto, the same as gRPC's."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class State(enum.IntEnum):
    """Where a version is between its discovery and its end."""

    UNKNOWN = 0
    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


DTYPES = {kind.numpy_name: kind for kind in DataType if kind}

# {message: {field: (number, type)}}: [type] is repeated, {key: type} a map.
_TENSORFLOW = {
    "TensorShapeProto": {
        "dim": (2, ["TensorShapeProto.Dim"]),
        "unknown_rank": (3, "bool"),
    },
    "TensorShapeProto.Dim": {"size": (1, "int64"), "name": (2, "string")},
    "TensorProto": {
        "dtype": (1, DataType),
        "tensor_shape": (2, "TensorShapeProto"),
        "version_number": (3, "int32"),
        "tensor_content": (4, "bytes"),
        "half_val": (13, ["int32"]),
        "float_val": (5, ["float"]),
        "double_val": (6, ["double"]),
        "int_val": (7, ["int32"]),
        "string_val": (8, ["bytes"]),
        "int64_val": (10, ["int64"]),
        "bool_val": (11, ["bool"]),
        "uint32_val": (16, ["uint32"]),
        "uint64_val": (17, ["uint64"]),
    },
    "TensorInfo": {
        "name": (1, "string"),
        "dtype": (2, DataType),
        "tensor_shape": (3, "TensorShapeProto"),
    },
    "SignatureDef": {
        "inputs": (1, {"string": "TensorInfo"}),
        "outputs": (2, {"string": "TensorInfo"}),
        "method_name": (3, "string"),
    },
    "MetaGraphDef": {"signature_def": (5, {"string": "SignatureDef"})},
}
_SERVING = {
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "google.protobuf.Int64Value"),
        "signature_name": (3, "string"),
        "version_label": (4, "string"),
    },
    "PredictRequest": {
        "model_spec": (1, "ModelSpec"),
        "inputs": (2, {"string": "TensorProto"}),
        "output_filter": (3, ["string"]),
    },
    "PredictResponse": {
        "outputs": (1, {"string": "TensorProto"}),
        "model_spec": (2, "ModelSpec"),
    },
    "SignatureDefMap": {"signature_def": (1, {"string": "SignatureDef"})},
    "GetModelMetadataRequest": {
        "model_spec": (1, "ModelSpec"),
        "metadata_field": (2, ["string"]),
    },
    "GetModelMetadataResponse": {
        "model_spec": (1, "ModelSpec"),
        "metadata": (2, {"string": "google.protobuf.Any"}),
    },
    "GetModelStatusRequest": {"model_spec": (1, "ModelSpec")},
    "StatusProto": {"error_code": (1, Code), "error_message": (2, "string")},
    "ModelVersionStatus": {
        "version": (1, "int64"),
        "state": (2, State),
        "status": (3, "StatusProto"),
    },
    "GetModelStatusResponse": {
        "model_version_status": (1, ["ModelVersionStatus"])
    },
    "PredictLog": {"request": (1, "PredictRequest")},
    # Records of `assets.extra/tf_serving_warmup_requests`.
    "PredictionLog": {"predict_log": (6, "PredictLog")},
    # `batching_params.pbtxt`: all fields, for the text format refuses names
    # that it does not know.
    "BatchingParameters": {
        "max_batch_size": (1, "google.protobuf.Int64Value"),
        "batch_timeout_micros": (2, "google.protobuf.Int64Value"),
        "max_enqueued_batches": (3, "google.protobuf.Int64Value"),
        "num_batch_threads": (4, "google.protobuf.Int64Value"),
        "allowed_batch_sizes": (6, ["int64"]),
        "pad_variable_length_inputs": (7, "bool"),
        "thread_pool_name": (5, "google.protobuf.StringValue"),
        "enable_large_batch_splitting": (8, "google.protobuf.BoolValue"),
        "max_execution_batch_size": (9, "google.protobuf.Int64Value"),
    },
}
MESSAGES = {**_TENSORFLOW, **_SERVING}


@functools.cache
def message_class(name: str) -> type:
    r"""Return the class of a message in `MESSAGES`.

    Example:
    >>> TensorInfo = message_class("TensorInfo")
    >>> TensorInfo(dtype="DT_FLOAT").SerializeToString()
    b'\x10\x01'
    """
    from google.protobuf import message_factory

    descriptor = _pool().FindMessageTypeByName(_full_name(name))
    return message_factory.GetMessageClass(descriptor)


def to_json(message: Any) -> dict[str, Any]:
    """Return a message as the objects of its JSON, fields at zero included."""
    from google.protobuf import json_format

    return json_format.MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        descriptor_pool=_pool(),
    )


@functools.cache
def _pool() -> Any:
    """A pool of its own: TensorFlow may hold the same names in the common.

    The package protobuf is imported here and not above: the process that
    verifies an export reads the table alone and has only NumPy.
    """
    from google.protobuf import any_pb2, descriptor_pool, wrappers_pb2

    pool = descriptor_pool.DescriptorPool()
    libraries = [module.DESCRIPTOR for module in (any_pb2, wrappers_pb2)]
    for library in libraries:
        pool.AddSerializedFile(library.serialized_pb)
    dependencies = [library.name for library in libraries]
    for package, messages in (
        ("tensorflow", _TENSORFLOW),
        ("tensorflow.serving", _SERVING),
    ):
        file = _make_file(package, messages, dependencies)
        pool.AddSerializedFile(file.SerializeToString())
        dependencies = [*dependencies, file.name]
    return pool


def _full_name(name: str) -> str:
    if name in _TENSORFLOW:
        return f"tensorflow.{name}"
    return f"tensorflow.serving.{name}" if name in _SERVING else name


def _make_file(package: str, messages: dict, dependencies: list[str]) -> Any:
    from google.protobuf import descriptor_pb2

    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=dependencies,
    )
    made = {}
    for full_name, fields in messages.items():
        parent, _, name = full_name.rpartition(".")
        siblings = made[parent].nested_type if parent else file.message_type
        message = made[full_name] = siblings.add(name=name)
        for field_name, (number, kind) in fields.items():
            _add_field(
                f"{package}.{full_name}", message, field_name, number, kind
            )
    return file


def _add_field(
    owner: str, message: Any, name: str, number: int, kind: Any
) -> None:
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_OPTIONAL
    if isinstance(kind, list | dict):
        field.label = field.LABEL_REPEATED
        kind = (
            kind[0]
            if isinstance(kind, list)
            else _add_map_entry(owner, message, name, kind)
        )
    if isinstance(kind, enum.EnumMeta):
        field.type = field.TYPE_ENUM
        field.type_name = f".{owner}.{kind.__name__}"
        values = message.enum_type.add(name=kind.__name__).value
        for member in kind:
            values.add(name=member.name, number=member.value)
    elif "." in kind or kind in MESSAGES:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{_full_name(kind)}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")


def _add_map_entry(owner: str, message: Any, name: str, kinds: dict) -> str:
    """Protobuf's maps are repeated messages of key and value."""
    entry_name = f"{name.title().replace('_', '')}Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    ((key, value),) = kinds.items()
    for number, (part, kind) in enumerate((("key", key), ("value", value)), 1):
        _add_field(f"{owner}.{entry_name}", entry, part, number, kind)
    return f"{owner}.{entry_name}"
