"""The frames of GT06: start, length, protocol number, content, serial number, checksum, end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.errors import DecodeError
from wire.crc import crc16_x25
from wire.cursor import Cursor

_SHORT, _LONG, _END = b"\x78\x78", b"\x79\x79", b"\r\n"
_TRAILER: Final = 4  # serial number and checksum


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame says. The long kind, whose length has two bytes, uses some protocol numbers for other contents."""

    protocol: int
    content: bytes
    serial: int
    is_long: bool


def frames(payload: bytes) -> Iterator[Frame]:
    """The frames of a payload one after another; `DecodeError` where one is cut or damaged."""
    cursor = Cursor(payload)
    while cursor.left:
        start = cursor.take(2)
        if start not in {_SHORT, _LONG}:
            raise DecodeError("bad_start", f"a frame starts with {start.hex()}")
        width = 1 if start == _SHORT else 2
        length = cursor.unsigned(width)
        if length < 1 + _TRAILER:
            raise DecodeError("truncated", f"a frame of {length} bytes holds nothing")
        body = cursor.take(length)
        if cursor.take(2) != _END:
            raise DecodeError("bad_end", "a frame does not end where its length says")
        checked = crc16_x25(length.to_bytes(width, "big") + body[:-2])
        if checked != int.from_bytes(body[-2:], "big"):
            raise DecodeError("bad_checksum", f"CRC is {checked:04x} and the frame says {body[-2:].hex()}")
        yield Frame(body[0], body[1:-_TRAILER], int.from_bytes(body[-_TRAILER:-2], "big"), start == _LONG)


def framed(content: bytes, serial: int) -> bytes:
    """The short frame of a content that begins with its protocol number."""
    body = bytes([len(content) + _TRAILER]) + content + serial.to_bytes(2, "big")
    return _SHORT + body + crc16_x25(body).to_bytes(2, "big") + _END
