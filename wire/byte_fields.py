"""Raw payloads, such as LoRaWAN's, read by a table: which bytes are which value. Data, not code."""

from __future__ import annotations

import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from domain.errors import DecodeError

Kind = Literal["u8", "i8", "u16", "i16", "u24", "i24", "u32", "i32", "f32"]
_MOST_BYTES: Final = 1_024


@dataclass(frozen=True, slots=True)
class ByteField:
    """A number in the bytes from `at` (0 = the first) on: `(raw & mask, shifted to the right) * scale + offset`.

    Only for messages of that `port`, if it says one. `little` endian is the exception on the air.
    """

    at: int
    type: Kind = "u8"
    scale: float = 1.0
    offset: float = 0.0
    mask: int | None = None
    little: bool = False
    port: int | None = None

    def read(self, payload: bytes) -> float:
        """The value. Raises DecodeError where the payload ends before it."""
        width = int(self.type[1:]) // 8
        raw = payload[self.at : self.at + width] if self.at >= 0 else b""
        if len(raw) < width:
            raise DecodeError("truncated", f"{len(payload)} bytes, and a field of {width} is to begin at {self.at}")
        return self._number(raw) * self.scale + self.offset

    def _number(self, raw: bytes) -> float:
        if self.type == "f32":
            value: float = struct.unpack("<f" if self.little else ">f", raw)[0]
            if not isfinite(value):
                raise DecodeError("out_of_range", f"the number at {self.at} is {value}")
            return value
        number = int.from_bytes(raw, "little" if self.little else "big", signed=self.type[0] == "i")
        if not self.mask:
            return number
        return (number & self.mask) >> ((self.mask & -self.mask).bit_length() - 1)


def read_fields(encoded: str, port: int | None, fields: Mapping[str, ByteField]) -> dict[str, float]:
    """The values of the base64 text `encoded` by name, of those fields that are for its `port`. Raises DecodeError."""
    try:
        payload = binascii.a2b_base64(encoded, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError("bad_base64", str(error)) from error
    if len(payload) > _MOST_BYTES:
        raise DecodeError("too_large", f"{len(payload)} raw bytes and at most {_MOST_BYTES} are read")
    wanted = {name: field for name, field in fields.items() if field.port is None or field.port == port}
    if not wanted:
        raise DecodeError(
            "no_object",
            f"the payload is raw, of port {port}: it needs a codec in the network server, or a payload profile with `bytes`",
        )
    return {name: field.read(payload) for name, field in wanted.items()}
