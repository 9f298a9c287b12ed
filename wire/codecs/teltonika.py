"""Teltonika's binary records, Codec 8, 8 Extended and 16, framed as over TCP, without its preamble, or as over UDP."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading
from wire.avl import MPS_PER_KMH, Place, TeltonikaProfile, avl_position, avl_values
from wire.codec import Codec, Encoder, Message, Profiles, check_size, refuse_too_many
from wire.crc import crc16_arc
from wire.cursor import Cursor
from wire.identity import imei_identity
from wire.instants import to_unix_ms
from wire.json_payload import moment

_PREAMBLE: Final = bytes(4)
_E7: Final = 10**7
_IMEI_DIGITS: Final = 15
_CRC_BYTES: Final = 4
_ENOUGH_SATELLITES: Final = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells the codecs apart: widths in bytes of ids and counts, a generation byte, values of any length."""

    id_width: int
    count_width: int
    generation: bool = False
    variable: bool = False


SHAPES: Final = {
    0x08: Shape(1, 1),
    0x8E: Shape(2, 2, variable=True),
    0x10: Shape(2, 1, generation=True),
}


class Teltonika(Codec, Encoder):
    """Positions with the values of all AVL ids that mean something to us."""

    batches = True

    def __init__(self, profiles: Profiles[TeltonikaProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(TeltonikaProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The records of a frame, or of several as they follow on a stream; a login, which is only an IMEI, says online."""
        check_size(payload)
        if imei := _login(payload):
            return [DeviceStatus(imei_identity(device, imei), received_at, received_at, online=True)]
        bodies, imei = _unframed(payload)
        device = imei_identity(device, imei)
        profile = self._profiles.of(device)
        records = [record for body in bodies for record in _records(body)]
        refuse_too_many(records)
        return [_record(record, received_at, device, profile) for record in records]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One frame of Codec 8 Extended, which holds all ids, with the readings as records of low priority."""
        body = bytes([0x8E, len(readings)]) + b"".join(map(_packed, readings)) + bytes([len(readings)])
        frame = _PREAMBLE + struct.pack(">I", len(body)) + body + struct.pack(">I", crc16_arc(body))
        return Message(f"{readings[0].device}/data", frame)


@dataclass(frozen=True, slots=True)
class _Record:
    time_ms: int
    place: Place
    ids: dict[int, int]


def _login(payload: bytes) -> str:
    """The IMEI of a login: its length in two bytes, then its digits."""
    if len(payload) == _IMEI_DIGITS + 2 and payload[:2] == b"\0\x0f" and payload[2:].isdigit():
        return payload[2:].decode("ascii")
    return ""


def _unframed(payload: bytes) -> tuple[list[bytes], str]:
    """Codec to second count of each frame, checked, and the IMEI if it is told."""
    if _is_datagram(payload):
        body, imei = _datagram(payload)
        return [body], imei
    if payload[:4] == _PREAMBLE:
        return list(_streamed(payload)), ""
    return [_checked(payload[:-_CRC_BYTES], payload[-_CRC_BYTES:])], ""


def _streamed(payload: bytes) -> Iterator[bytes]:
    cursor = Cursor(payload)
    while cursor.left:
        if cursor.take(4) != _PREAMBLE:
            raise DecodeError("bad_start", "a frame does not begin with four zeros")
        body = cursor.take(cursor.unsigned(4))
        yield _checked(body, cursor.take(_CRC_BYTES))


def _checked(body: bytes, crc: bytes) -> bytes:
    if not body:
        raise DecodeError("truncated", "there is nothing but a checksum")
    if int.from_bytes(crc, "big") != crc16_arc(body):
        raise DecodeError("bad_checksum", f"CRC is {crc16_arc(body):04x} and the frame says {crc.hex()}")
    return body


def _is_datagram(payload: bytes) -> bool:
    return (
        len(payload) > _IMEI_DIGITS + 8
        and int.from_bytes(payload[:2], "big") == len(payload) - 2
        and payload[4] == 1
        and payload[6:8] == b"\0\x0f"
    )


def _datagram(payload: bytes) -> tuple[bytes, str]:
    """As over UDP: length, packet id, 01, packet id, IMEI, records; the network's own checksum serves."""
    imei = payload[8 : 8 + _IMEI_DIGITS]
    if not imei.isdigit():
        raise DecodeError("bad_imei", f"{imei!r} is no IMEI")
    return payload[8 + _IMEI_DIGITS :], imei.decode("ascii")


def _records(body: bytes) -> list[_Record]:
    cursor = Cursor(body)
    codec = cursor.unsigned(1)
    shape = SHAPES.get(codec)
    if shape is None:
        raise DecodeError("unknown_codec", f"codec {codec:#04x} is none of {', '.join(f'{known:#04x}' for known in SHAPES)}")
    count = cursor.unsigned(1)
    if not count:
        raise DecodeError("empty", "the frame has no records")
    records = [_parse(cursor, shape) for _ in range(count)]
    if cursor.unsigned(1) != count:
        raise DecodeError("bad_count", "the counts before and after the records differ")
    if cursor.left:
        raise DecodeError("trailing_bytes", f"{cursor.left} bytes follow the records")
    return records


def _parse(cursor: Cursor, shape: Shape) -> _Record:
    time_ms, _, lon, lat, altitude, angle, satellites, speed = struct.unpack(">QBiihHBH", cursor.take(24))
    cursor.unsigned(shape.id_width + shape.generation)  # the id that caused the record stands among the others
    total = cursor.unsigned(shape.count_width)
    ids: dict[int, int] = {}
    found = 0
    for width in (1, 2, 4, 8):
        for _ in range(cursor.unsigned(shape.count_width)):
            avl_id = cursor.unsigned(shape.id_width)
            ids[avl_id] = cursor.unsigned(width)
            found += 1
    if shape.variable:
        for _ in range(cursor.unsigned(2)):
            cursor.unsigned(2)
            cursor.take(cursor.unsigned(2))
            found += 1
    if found != total:
        raise DecodeError("bad_count", f"{total} values are announced and {found} there")
    return _Record(time_ms, Place(lon / _E7, lat / _E7, altitude, angle, satellites, speed), ids)


def _record(record: _Record, received_at: datetime, device: str, profile: TeltonikaProfile) -> Position:
    return avl_position(device, moment(record.time_ms), received_at, record.place, record.ids, profile)


def _packed(reading: Reading) -> bytes:
    if not isinstance(reading, Position) or reading.fix_time is None:
        raise InvalidInputError("reading", "Teltonika only tells positions with a time")
    values = avl_values(reading)
    packed = _head(reading, to_unix_ms(reading.fix_time)) + struct.pack(">HH", 0, len(values))
    for width in (1, 2, 4, 8):
        group = [(avl_id, raw) for avl_id, wide, raw in values if wide == width]
        packed += struct.pack(">H", len(group))
        packed += b"".join(struct.pack(">H", avl_id) + raw.to_bytes(width, "big") for avl_id, raw in group)
    return packed + bytes(2)


def _head(position: Position, time_ms: int) -> bytes:
    """The fixed part. It has no way to leave anything out: what is missing becomes zero, and without a fix so do satellites."""
    satellites = position.satellites
    if satellites is None:
        satellites = 0 if position.fix_valid is False or position.longitude_deg is None else _ENOUGH_SATELLITES
    return struct.pack(
        ">QBiihHBH",
        time_ms,
        0,
        round((position.longitude_deg or 0) * _E7),
        round((position.latitude_deg or 0) * _E7),
        round(position.altitude_m or 0),
        round(position.course_deg or 0),
        min(satellites, 255),
        round((position.speed_mps or 0) / MPS_PER_KMH),
    )
