"""TensorFlow Serving's messages, without its Python package.

`tensorflow-serving-api` imports TensorFlow, which the server does without.
The messages here have the same names, numbers and types of fields, and so the
same bytes; fields that are left out are skipped by the parser. From
tensorflow_serving/apis, tensorflow/core/framework and tensorflow/core/protobuf.
"""

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    wrappers_pb2,
)

# {message: {field: (number, type)}}: [type] is repeated, {key: type} a map.
_TENSORFLOW = {
    "TensorShapeProto.Dim": {"size": (1, "int64"), "name": (2, "string")},
    "TensorShapeProto": {
        "dim": (2, ["tensorflow.TensorShapeProto.Dim"]),
        "unknown_rank": (3, "bool"),
    },
    "TensorProto": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "tensorflow.TensorShapeProto"),
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
        "dtype": (2, "int32"),
        "tensor_shape": (3, "tensorflow.TensorShapeProto"),
    },
    "SignatureDef": {
        "inputs": (1, {"string": "tensorflow.TensorInfo"}),
        "outputs": (2, {"string": "tensorflow.TensorInfo"}),
        "method_name": (3, "string"),
    },
}
_SERVING = {
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "google.protobuf.Int64Value"),
        "signature_name": (3, "string"),
        "version_label": (4, "string"),
    },
    "PredictRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "inputs": (2, {"string": "tensorflow.TensorProto"}),
        "output_filter": (3, ["string"]),
    },
    "PredictResponse": {
        "outputs": (1, {"string": "tensorflow.TensorProto"}),
        "model_spec": (2, "tensorflow.serving.ModelSpec"),
    },
    "SignatureDefMap": {
        "signature_def": (1, {"string": "tensorflow.SignatureDef"}),
    },
    "GetModelMetadataRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "metadata_field": (2, ["string"]),
    },
    "GetModelMetadataResponse": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "metadata": (2, {"string": "google.protobuf.Any"}),
    },
    "GetModelStatusRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
    },
    "StatusProto": {
        "error_code": (1, "int32"),
        "error_message": (2, "string"),
    },
    "ModelVersionStatus": {
        "version": (1, "int64"),
        "state": (2, "int32"),
        "status": (3, "tensorflow.serving.StatusProto"),
    },
    "GetModelStatusResponse": {
        "model_version_status": (1, ["tensorflow.serving.ModelVersionStatus"]),
    },
    "PredictLog": {
        "request": (1, "tensorflow.serving.PredictRequest"),
    },
    # Of `assets.extra/tf_serving_warmup_requests`.
    "PredictionLog": {"predict_log": (6, "tensorflow.serving.PredictLog")},
    # Of `batching_params.pbtxt`.
    "BatchingParameters": {
        "max_batch_size": (1, "google.protobuf.Int64Value"),
        "batch_timeout_micros": (2, "google.protobuf.Int64Value"),
        "max_enqueued_batches": (3, "google.protobuf.Int64Value"),
        "num_batch_threads": (4, "google.protobuf.Int64Value"),
        "allowed_batch_sizes": (6, ["int64"]),
        "pad_variable_length_inputs": (7, "bool"),
        "thread_pool_name": (5, "google.protobuf.StringValue"),
        # For the text format, which knows no numbers.
        "enable_large_batch_splitting": (8, "google.protobuf.BoolValue"),
        "max_execution_batch_size": (9, "google.protobuf.Int64Value"),
    },
}
_TYPES = descriptor_pb2.FieldDescriptorProto


def _add_field(package: str, message, name: str, number: int, kind) -> None:
    field = message.field.add(name=name, number=number)
    field.label = _TYPES.LABEL_OPTIONAL
    if isinstance(kind, list):
        field.label = _TYPES.LABEL_REPEATED
        (kind,) = kind
    elif isinstance(kind, dict):
        field.label = _TYPES.LABEL_REPEATED
        kind = _add_map_entry(package, message, name, kind)
    if "." in kind:
        field.type = _TYPES.TYPE_MESSAGE
        field.type_name = f".{kind}"
    else:
        field.type = getattr(_TYPES, f"TYPE_{kind.upper()}")


def _add_map_entry(package: str, message, field_name: str, kinds: dict) -> str:
    """Protobuf's maps are repeated messages of key and value."""
    entry_name = f"{field_name.title().replace('_', '')}Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    ((key, value),) = kinds.items()
    _add_field(package, entry, "key", 1, key)
    _add_field(package, entry, "value", 2, value)
    return f"{package}.{message.name}.{entry_name}"


def _make_file(package: str, messages: dict, dependencies: list[str]):
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=dependencies,
    )
    parents = {}
    for full_name, fields in messages.items():
        parent, _, name = full_name.rpartition(".")
        if parent:
            message = descriptor_pb2.DescriptorProto(name=name)
            parents.setdefault(parent, []).append(message)
        else:
            message = file.message_type.add(name=name)
            message.nested_type.extend(parents.get(name, []))
        for field_name, (number, kind) in fields.items():
            _add_field(package, message, field_name, number, kind)
    return file


def _make_pool() -> descriptor_pool.DescriptorPool:
    """A pool of its own: TensorFlow may hold the same names in the common."""
    pool = descriptor_pool.DescriptorPool()
    for module in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    files = (
        _make_file("tensorflow", _TENSORFLOW, []),
        _make_file(
            "tensorflow.serving",
            _SERVING,
            [
                "tensorflow.proto",
                "google/protobuf/any.proto",
                "google/protobuf/wrappers.proto",
            ],
        ),
    )
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _make_pool()


def message_class(name: str) -> type:
    """Return the class of a message such as `"tensorflow.TensorProto"`."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


TensorProto = message_class("tensorflow.TensorProto")
SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
PredictRequest = message_class("tensorflow.serving.PredictRequest")
PredictResponse = message_class("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = message_class(
    "tensorflow.serving.GetModelMetadataRequest"
)
GetModelMetadataResponse = message_class(
    "tensorflow.serving.GetModelMetadataResponse"
)
GetModelStatusRequest = message_class(
    "tensorflow.serving.GetModelStatusRequest"
)
GetModelStatusResponse = message_class(
    "tensorflow.serving.GetModelStatusResponse"
)
PredictionLog = message_class("tensorflow.serving.PredictionLog")
BatchingParametersProto = message_class("tensorflow.serving.BatchingParameters")
