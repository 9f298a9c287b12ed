"""GT06 of Concox and its many relatives: binary frames that a gateway passes on as they come from the tracker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading
from wire.bcd import bcd_digits
from wire.codec import Codec, Encoder, Message, Profiles, check_size
from wire.crc import crc16_x25
from wire.cursor import Cursor
from wire.identity import imei_identity
from wire.inputs import MAX_ANGLE_DEG

_SHORT, _LONG, _END = b"\x78\x78", b"\x79\x79", b"\r\n"
_PER_DEGREE: Final = 1_800_000
_MPS_PER_KMH: Final = 1 / 3.6
_TRAILER: Final = 4  # serial number and checksum
_MOST_CONNECTIONS: Final = 50_000
_BATTERY_LEVELS: Final = 6

_LOGIN: Final = 0x01
_HEARTBEATS: Final = frozenset({0x13, 0x23})
_LOCATIONS: Final = frozenset({0x12, 0x22, 0x32})
_LOCATIONS_4G: Final = frozenset({0xA0})
_LOCATIONS_OF_RELATIVES: Final = frozenset({0x10, 0x11, 0x1A, 0x1E, 0x2D, 0x31, 0x37})
_ALARMS: Final = frozenset({0x16, 0x26, 0x27})
_ALARMS_4G: Final = frozenset({0xA4})
_NORTH, _WEST, _FIXED, _IGNITION_KNOWN, _IGNITION = 1 << 10, 1 << 11, 1 << 12, 1 << 14, 1 << 15
_COURSE: Final = 0x3FF

ALARM_NAMES: Final = {
    0x01: "sos",
    0x02: "power_cut",
    0x03: "vibration",
    0x04: "geofence_enter",
    0x05: "geofence_exit",
    0x06: "overspeed",
    0x09: "tow",
    0x0E: "low_battery",
    0x0F: "low_battery",
    0x13: "tamper",
    0x14: "door",
    0x19: "low_battery",
    0x29: "harsh_acceleration",
    0x2A: "harsh_cornering",
    0x2B: "harsh_cornering",
    0x2C: "crash",
    0x30: "harsh_braking",
}
_QUIET_ALARMS: Final = frozenset({0x00, 0xFF})


@dataclass(frozen=True, slots=True)
class Gt06Profile:
    """A tracker's habits: how far its clock is set ahead of UTC, as some are; and whether its login says so itself."""

    ahead_of_utc_s: int = 0
    zone_from_login: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    protocol: int
    content: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class _Login:
    imei: str
    ahead_of_utc_s: int


class Gt06(Codec, Encoder):
    """Locations and alarms become positions, logins and heartbeats the device's status.

    Only the login names the tracker, so without an identity in the topic the codec remembers who logged in on which topic.
    """

    def __init__(self, profiles: Profiles[Gt06Profile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(Gt06Profile())
        self._logins: dict[str, _Login] = {}

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of all frames in a message; frames of other kinds are counted and left."""
        check_size(payload)
        readings: list[Reading] = []
        for frame in list(_frames(payload)):
            if frame.protocol == _LOGIN:
                self._remember(topic, _login(frame))
            readings += self._read(frame, topic, received_at, device)
        return readings

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The location frame of one position."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None:
            raise InvalidInputError("reading", "GT06 only tells positions with a time")
        return Message(f"gt06/{reading.device}/raw", _framed(_written(reading, reading.fix_time), (reading.seq or 0) % 2**16))

    def _read(self, frame: _Frame, topic: str, received_at: datetime, device: str) -> list[Reading]:
        login = self._logins.get(topic)
        identity = imei_identity(device, login.imei if login else "")
        if not identity and topic:
            raise DecodeError("no_login", "no login was heard on this topic, and it does not name the tracker itself")
        if frame.protocol == _LOGIN:
            return [DeviceStatus(identity, received_at, received_at, online=True, seq=frame.serial)]
        if frame.protocol in _HEARTBEATS:
            return [_heartbeat(frame, received_at, identity)]
        if reader := _POSITIONS.get(frame.protocol):
            profile = self._profiles.of(identity)
            ahead_s = login.ahead_of_utc_s if login and profile.zone_from_login else profile.ahead_of_utc_s
            return [reader(frame, received_at, identity, timedelta(seconds=ahead_s))]
        self.warnings["unread_protocol"] += 1
        return []

    def _remember(self, topic: str, login: _Login) -> None:
        self._logins.pop(topic, None)
        if len(self._logins) >= _MOST_CONNECTIONS:
            del self._logins[next(iter(self._logins))]
        self._logins[topic] = login


def _frames(payload: bytes) -> Iterator[_Frame]:
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
        yield _Frame(body[0], body[1:-_TRAILER], int.from_bytes(body[-_TRAILER:-2], "big"))


def _login(frame: _Frame) -> _Login:
    """The IMEI in eight bytes, and maybe the model and the time zone: hours and minutes as a number, then flags."""
    cursor = Cursor(frame.content)
    imei = bcd_digits(cursor.take(8)).removeprefix("0")
    if cursor.left < 4:
        return _Login(imei, 0)
    cursor.take(2)
    zone = cursor.unsigned(2)
    seconds = ((zone >> 4) // 100 * 60 + (zone >> 4) % 100) * 60
    return _Login(imei, -seconds if zone & 8 else seconds)


def _heartbeat(frame: _Frame, received_at: datetime, device: str) -> DeviceStatus:
    cursor = Cursor(frame.content)
    cursor.take(1)
    level = cursor.unsigned(1)
    battery_pct = round(level * 100 / _BATTERY_LEVELS, 1) if level <= _BATTERY_LEVELS else None
    return DeviceStatus(device, received_at, received_at, online=True, battery_pct=battery_pct, seq=frame.serial)


def _location(frame: _Frame, received_at: datetime, device: str, ahead: timedelta, *, is_4g: bool) -> Position:
    cursor = Cursor(frame.content)
    fields = _fix(cursor, ahead)
    _skip_cell(cursor, is_4g=is_4g)
    if cursor.left >= 3:
        fields["ignition"] = cursor.unsigned(1) == 1
        cursor.take(1)
        fields["buffered"] = cursor.unsigned(1) == 1
    if cursor.left >= 4:
        fields["odometer_m"] = float(cursor.unsigned(4))
    return Position(device, received_at=received_at, seq=frame.serial, **fields)


def _place(frame: _Frame, received_at: datetime, device: str, ahead: timedelta) -> Position:
    """The fix, with which all locations begin; what follows it is each maker's own."""
    return Position(device, received_at=received_at, seq=frame.serial, **_fix(Cursor(frame.content), ahead))


def _alarm(frame: _Frame, received_at: datetime, device: str, ahead: timedelta, *, is_4g: bool) -> Position:
    cursor = Cursor(frame.content)
    fields = _fix(cursor, ahead)
    if not is_4g:
        cursor.take(1)  # length of the cell's fields, which never changes
    _skip_cell(cursor, is_4g=is_4g)
    state, level, _, alarm = cursor.unsigned(1), cursor.unsigned(1), cursor.unsigned(1), cursor.unsigned(1)
    fields["ignition"] = bool(state & 2)
    if level <= _BATTERY_LEVELS:
        fields["battery_pct"] = round(level * 100 / _BATTERY_LEVELS, 1)
    if alarm not in _QUIET_ALARMS:
        fields["alarms"] = (ALARM_NAMES.get(alarm, f"alarm_{alarm:#04x}"),)
    return Position(device, received_at=received_at, seq=frame.serial, **fields)


def _fix(cursor: Cursor, ahead: timedelta) -> dict[str, Any]:
    year, month, day, hour, minute, second = cursor.take(6)
    try:
        fix_time = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, OverflowError) as error:
        raise DecodeError("bad_time", str(error)) from error
    satellites = cursor.unsigned(1) & 0x0F
    latitude, longitude = cursor.unsigned(4) / _PER_DEGREE, cursor.unsigned(4) / _PER_DEGREE
    speed_kmh, flags = cursor.unsigned(1), cursor.unsigned(2)
    fields: dict[str, Any] = {"fix_time": fix_time, "satellites": satellites, "fix_valid": bool(flags & _FIXED)}
    if flags & _IGNITION_KNOWN:
        fields["ignition"] = bool(flags & _IGNITION)
    if not latitude and not longitude and not flags & _FIXED:
        return fields
    if max(longitude, latitude) > MAX_ANGLE_DEG:
        raise DecodeError("out_of_range", f"{latitude} {longitude} is no place")
    return fields | {
        "latitude_deg": latitude if flags & _NORTH else -latitude,
        "longitude_deg": -longitude if flags & _WEST else longitude,
        "speed_mps": speed_kmh * _MPS_PER_KMH,
        "course_deg": float(flags & _COURSE),
    }


def _skip_cell(cursor: Cursor, *, is_4g: bool) -> None:
    """Country, network, area and cell; a set first bit of the country says that the network has two bytes."""
    country = cursor.unsigned(2)
    cursor.take((2 if country & 0x8000 else 1) + (12 if is_4g else 5))


_POSITIONS: Final[dict[int, Callable[[_Frame, datetime, str, timedelta], Position]]] = {
    **dict.fromkeys(_LOCATIONS_OF_RELATIVES, _place),
    **dict.fromkeys(_LOCATIONS, lambda *frame: _location(*frame, is_4g=False)),
    **dict.fromkeys(_LOCATIONS_4G, lambda *frame: _location(*frame, is_4g=True)),
    **dict.fromkeys(_ALARMS, lambda *frame: _alarm(*frame, is_4g=False)),
    **dict.fromkeys(_ALARMS_4G, lambda *frame: _alarm(*frame, is_4g=True)),
}


def _framed(content: bytes, serial: int) -> bytes:
    body = bytes([len(content) + _TRAILER]) + content + serial.to_bytes(2, "big")
    return _SHORT + body + crc16_x25(body).to_bytes(2, "big") + _END


def _written(position: Position, fix_time: datetime) -> bytes:
    """A location with what is known of ignition and mileage, and zeros for what else is missing, as trackers send it."""
    at = fix_time.astimezone(UTC)
    if not 2000 <= at.year < 2256:
        raise InvalidInputError("reading", f"GT06 has no year {at.year}")
    longitude, latitude = position.longitude_deg or 0.0, position.latitude_deg or 0.0
    flags = round(position.course_deg or 0) % 360
    flags |= (_NORTH if latitude >= 0 else 0) | (_WEST if longitude < 0 else 0)
    flags |= _FIXED if position.longitude_deg is not None and position.fix_valid is not False else 0
    speed_kmh = round((position.speed_mps or 0) / _MPS_PER_KMH)
    fix = bytes([at.year - 2000, at.month, at.day, at.hour, at.minute, at.second, 0xC0 | min(position.satellites or 0, 15)])
    fix += b"".join(round(abs(angle) * _PER_DEGREE).to_bytes(4, "big") for angle in (latitude, longitude))
    fix += bytes([min(speed_kmh, 255)]) + flags.to_bytes(2, "big")
    if position.ignition is None:
        return bytes([0x12]) + fix + bytes(8)
    states = bytes([int(position.ignition), 0, int(bool(position.buffered))])
    mileage = b"" if position.odometer_m is None else min(round(position.odometer_m), 2**32 - 1).to_bytes(4, "big")
    return bytes([0x22]) + fix + bytes(8) + states + mileage
