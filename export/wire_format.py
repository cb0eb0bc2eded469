"""Protocol buffers read with the standard library alone.

A verifying machine may hold nothing but TensorFlow's C++ runtime and NumPy.
Encoding: https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


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
