"""Signatures of a SavedModel, read without TensorFlow.

Nothing here, nor in any module that the verifying process loads, imports
TensorFlow: the point of that process is to do without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tfgen.export.wire_format import read_fields

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


# Field numbers of meta_graph.proto and tensor_shape.proto.
_SIGNATURES = 5
_INPUTS, _OUTPUTS = 1, 2
_TENSOR_NAME, _TENSOR_DTYPE, _TENSOR_SHAPE = 1, 2, 3
_SHAPE_DIM, _SHAPE_UNKNOWN_RANK = 2, 3


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
    signatures = {}
    for name, signature in _entries(meta_graph, _SIGNATURES):
        if name != "__saved_model_init_op":
            signatures[name] = SignatureDescription(
                *(
                    {key: _describe(info) for key, info in entries}
                    for entries in (
                        _entries(signature, _INPUTS),
                        _entries(signature, _OUTPUTS),
                    )
                )
            )
    return signatures


def _entries(message: bytes, number: int) -> list[tuple[str, bytes]]:
    """Return a map's keys and values, by key: a map is repeated messages."""
    entries = [dict(read_fields(value)) for value in _all(message, number)]
    return sorted(
        (entry.get(1, b"").decode(), entry.get(2, b"")) for entry in entries
    )


def _describe(info: bytes) -> TensorDescription:
    fields = dict(read_fields(info))
    dtype = fields.get(_TENSOR_DTYPE, 0)
    shape = fields.get(_TENSOR_SHAPE, b"")
    sizes = [
        dict(read_fields(dim)).get(1, 0) for dim in _all(shape, _SHAPE_DIM)
    ]
    unknown_rank = dict(read_fields(shape)).get(_SHAPE_UNKNOWN_RANK, 0)
    return TensorDescription(
        tensor=fields.get(_TENSOR_NAME, b"").decode(),
        dtype=DTYPE_NAMES.get(dtype, f"unknown ({dtype})"),
        shape=None
        if unknown_rank
        else tuple(None if size < 0 else size for size in sizes),
    )


def _all(message: bytes, number: int) -> Iterator[bytes]:
    return (value for field, value in read_fields(message) if field == number)
