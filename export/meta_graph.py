"""Signatures of a SavedModel, read without TensorFlow and without protobuf.

Nothing here, nor in any module that the verifying process loads, imports
TensorFlow: the point of that process is to do without it. A machine may hold
nothing but TensorFlow's C++ runtime and NumPy, so messages are read with the
standard library, by the table in `messages.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfgen.export.messages import MESSAGES, DataType

# Encoding: https://protobuf.dev/programming-guides/encoding
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_NAMES = {int(kind): kind.numpy_name for kind in DataType if kind}


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
    signatures = read_message("MetaGraphDef", meta_graph)
    return {
        name: SignatureDescription(
            *(
                {key: _describe(info) for key, info in signature[side].items()}
                for side in ("inputs", "outputs")
            )
        )
        for name, signature in signatures["signature_def"].items()
        if name != "__saved_model_init_op"
    }


def read_message(name: str, content: bytes) -> dict[str, Any]:
    """Return the fields of a serialized message that `messages.py` lists.

    Messages are dicts, repeated fields lists, maps dicts in the order of their
    keys. Fields that are not sent are missing, but for empty lists and maps.

    Args:
        name: Key of `MESSAGES`.
        content: The message. Its lists and maps are of messages or strings:
            numbers would be packed.

    Raises:
        ValueError: If the bytes end early or hold a group.
    """
    fields = {
        number: (key, kind) for key, (number, kind) in MESSAGES[name].items()
    }
    message: dict[str, Any] = {
        key: type(kind)()
        for key, kind in fields.values()
        if isinstance(kind, list | dict)
    }
    for number, value in read_fields(content):
        key, kind = fields.get(number, ("", ""))
        if isinstance(kind, dict):
            entry = {1: b"", 2: b"", **dict(read_fields(value))}
            ((_, kind),) = kind.items()
            message[key][entry[1].decode()] = _convert(entry[2], kind)
        elif isinstance(kind, list):
            message[key].append(_convert(value, kind[0]))
        elif key:
            message[key] = _convert(value, kind)
    for key, kind in fields.values():
        if isinstance(kind, dict):
            message[key] = dict(sorted(message[key].items()))
    return message


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a serialized message.

    Integers are signed 64-bit; everything else is bytes, messages too.

    Raises:
        ValueError: If the bytes end early or hold a group.
    """
    position = 0
    while position < len(message):
        tag, position = _read_varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = _read_varint(message, position)
            if value >= 2**63:
                value -= 2**64
        else:
            length, position = _read_length(message, position, kind)
            value = message[position : position + length]
            position += length
            if position > len(message):
                raise ValueError("A protocol buffer ends early.")
        yield number, value


def _convert(value: int | bytes, kind: Any) -> Any:
    if kind in MESSAGES:
        return read_message(kind, value)
    return value.decode() if kind == "string" else value


def _read_length(message: bytes, position: int, kind: int) -> tuple[int, int]:
    if kind == _LENGTH:
        return _read_varint(message, position)
    if kind == _EIGHT_BYTES:
        return 8, position
    if kind == _FOUR_BYTES:
        return 4, position
    raise ValueError(f"A protocol buffer has a field of wire type {kind}.")


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("A protocol buffer ends early.")


def _describe(info: dict[str, Any]) -> TensorDescription:
    dtype = info.get("dtype", 0)
    shape = info.get("tensor_shape", {"dim": []})
    sizes = [dim.get("size", 0) for dim in shape["dim"]]
    return TensorDescription(
        tensor=info.get("name", ""),
        dtype=_NAMES.get(dtype, f"unknown ({dtype})"),
        shape=None
        if shape.get("unknown_rank")
        else tuple(None if size < 0 else size for size in sizes),
    )
