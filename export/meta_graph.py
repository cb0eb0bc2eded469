"""Signatures of a SavedModel, read without TensorFlow.

Nothing here, nor in any module that the verifying process loads, imports
TensorFlow: the point of that process is to do without it.
"""

import functools
from dataclasses import dataclass

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# The few fields of tensorflow/core/protobuf/meta_graph.proto that name the
# tensors of a signature: {message: {field: (number, type)}}. A type in
# brackets is repeated. Fields left out are skipped by the parser.
_MESSAGES = {
    "Dim": {"size": (1, "int64")},
    "Shape": {"dim": (2, ["Dim"]), "unknown_rank": (3, "bool")},
    "TensorInfo": {
        "name": (1, "string"),
        "dtype": (2, "int32"),
        "shape": (3, "Shape"),
    },
    # A protobuf map is a repeated message of key and value.
    "TensorEntry": {"key": (1, "string"), "value": (2, "TensorInfo")},
    "Signature": {
        "inputs": (1, ["TensorEntry"]),
        "outputs": (2, ["TensorEntry"]),
    },
    "SignatureEntry": {"key": (1, "string"), "value": (2, "Signature")},
    "MetaGraph": {"signature": (5, ["SignatureEntry"])},
}

# Numbers of tensorflow/core/framework/types.proto.
DTYPE_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}


@dataclass(frozen=True)
class TensorDescription:
    """One input or output of a signature.

    Attributes:
        tensor: The graph's name of it, such as `"serving_default_x:0"`.
        dtype: A NumPy name, such as `"float32"`, or `"unknown (n)"`.
        shape: Sizes, `None` where any is taken; `None` if even the rank is
            unknown.
    """

    tensor: str
    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype} of unknown rank"
        sizes = ["n" if size is None else str(size) for size in self.shape]
        return f"{self.dtype}({', '.join(sizes)})"


@dataclass(frozen=True)
class SignatureDescription:
    """The named inputs and outputs of one signature."""

    inputs: dict[str, TensorDescription]
    outputs: dict[str, TensorDescription]


def parse_signatures(meta_graph: bytes) -> dict[str, SignatureDescription]:
    """Return the signatures of a serialized `MetaGraphDef` by name.

    TensorFlow's own `__saved_model_init_op` is left out: nobody calls it.
    """
    message = _message_class("MetaGraph").FromString(meta_graph)
    return {
        entry.key: SignatureDescription(
            _describe(entry.value.inputs), _describe(entry.value.outputs)
        )
        for entry in sorted(message.signature, key=lambda entry: entry.key)
        if entry.key != "__saved_model_init_op"
    }


def _describe(entries) -> dict[str, TensorDescription]:
    descriptions = {}
    for entry in sorted(entries, key=lambda entry: entry.key):
        info = entry.value
        shape = tuple(
            None if dim.size < 0 else dim.size for dim in info.shape.dim
        )
        descriptions[entry.key] = TensorDescription(
            tensor=info.name,
            dtype=DTYPE_NAMES.get(info.dtype, f"unknown ({info.dtype})"),
            shape=None if info.shape.unknown_rank else shape,
        )
    return descriptions


@functools.cache
def _message_class(name: str):
    """Build the message classes of `_MESSAGES` in a pool of their own."""
    types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="tfgen/meta_graph.proto", package="tfgen", syntax="proto3"
    )
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for field_name, (number, kind) in fields.items():
            repeated = isinstance(kind, list)
            kind = kind[0] if repeated else kind
            field = message.field.add(name=field_name, number=number)
            field.label = (
                types.LABEL_REPEATED if repeated else types.LABEL_OPTIONAL
            )
            if kind in _MESSAGES:
                field.type = types.TYPE_MESSAGE
                field.type_name = f".tfgen.{kind}"
            else:
                field.type = getattr(types, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName(f"tfgen.{name}")
    return message_factory.GetMessageClass(descriptor)
