"""The wire format of Protocol Buffers: tagged fields, read without a schema and written with none."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from domain.errors import DecodeError
from wire.cursor import Cursor

Value = int | bytes
"""An integer for varints and fixed widths (unsigned), or the bytes of a string, a message or a packed list."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field, in the order of the message; `DecodeError` where it is cut or no message."""
    cursor = Cursor(message)
    while cursor.left:
        tag = _varint(cursor)
        number, wire_type = tag >> 3, tag & 7
        if not number:
            raise DecodeError("not_protobuf", "a field has the number 0")
        yield number, _value(cursor, wire_type)


def write_field(number: int, value: int | bool | bytes | str) -> bytes:
    """A field as a varint, or as length and bytes."""
    if isinstance(value, int):
        return _varint_bytes(number << 3 | _VARINT) + _varint_bytes(int(value))
    content = value.encode() if isinstance(value, str) else value
    return _varint_bytes(number << 3 | _BYTES) + _varint_bytes(len(content)) + content


def float_of(bits: int) -> float:
    """The number that 32 bits hold."""
    value: float = struct.unpack("<f", bits.to_bytes(4, "little"))[0]
    return value


def double_of(bits: int) -> float:
    """The number that 64 bits hold."""
    value: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    return value


def _value(cursor: Cursor, wire_type: int) -> Value:
    if wire_type == _VARINT:
        return _varint(cursor)
    if wire_type == _BYTES:
        return cursor.take(_varint(cursor))
    if wire_type in {_FIXED64, _FIXED32}:
        return int.from_bytes(cursor.take(8 if wire_type == _FIXED64 else 4), "little")
    raise DecodeError("not_protobuf", f"wire type {wire_type} is not in use")


def _varint(cursor: Cursor) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = cursor.unsigned(1)
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF
    raise DecodeError("not_protobuf", "a number has more than ten bytes")


def _varint_bytes(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
