"""The contents of GT06's frames that tell a place, an alarm or both, and what else stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from domain.errors import DecodeError, InvalidInputError
from domain.observations import Position
from wire.cursor import Cursor
from wire.inputs import MAX_ANGLE_DEG

Fields = dict[str, Any]

_PER_DEGREE: Final = 1_800_000
_MPS_PER_KMH: Final = 1 / 3.6
_BATTERY_LEVELS: Final = 6
_NORTH, _WEST, _FIXED, _IGNITION_KNOWN, _IGNITION = 1 << 10, 1 << 11, 1 << 12, 1 << 14, 1 << 15
_COURSE: Final = 0x3FF
_FULL_CIRCLE_DEG: Final = 360
_IGNITION_STATE: Final = 1 << 1
_CELL_BYTES: Final = 5  # area and cell
_CELL_BYTES_4G: Final = 12
_STATE_BYTES: Final = 5  # inputs, charge, signal, alarm, language

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
    0x25: "tamper",
    0x29: "harsh_acceleration",
    0x2A: "harsh_cornering",
    0x2B: "harsh_cornering",
    0x2C: "crash",
    0x30: "harsh_braking",
    0x32: "tamper",
}
_QUIET_ALARMS: Final = frozenset({0x00, 0xFE, 0xFF})  # none, ignition on, ignition off


def battery_pct(level: int) -> float | None:
    """The charge that a level tells: six steps, or with some trackers per cent; beyond that the byte is something else."""
    if level <= _BATTERY_LEVELS:
        return round(level * 100 / _BATTERY_LEVELS, 1)
    return float(level) if level <= 100 else None


def _fix(cursor: Cursor, ahead: timedelta, *, sized: bool = False) -> Fields:
    """With `sized`, a byte between time and place says how long the place is, and 0 that there is none."""
    year, month, day, hour, minute, second = cursor.take(6)
    try:
        fix_time = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, OverflowError) as error:
        raise DecodeError("bad_time", str(error)) from error
    if sized and not cursor.unsigned(1):
        return {"fix_time": fix_time, "fix_valid": False}
    satellites = cursor.unsigned(1) & 0x0F
    latitude, longitude = cursor.unsigned(4) / _PER_DEGREE, cursor.unsigned(4) / _PER_DEGREE
    speed_kmh, flags = cursor.unsigned(1), cursor.unsigned(2)
    fields: Fields = {"fix_time": fix_time, "satellites": satellites, "fix_valid": bool(flags & _FIXED)}
    if flags & _IGNITION_KNOWN:
        fields["ignition"] = bool(flags & _IGNITION)
    if not latitude and not longitude and not flags & _FIXED:
        return fields
    if max(longitude, latitude) > MAX_ANGLE_DEG or flags & _COURSE > _FULL_CIRCLE_DEG:
        raise DecodeError("out_of_range", f"{latitude} {longitude} is no place or {flags & _COURSE} no course")
    return fields | {
        "latitude_deg": latitude if flags & _NORTH else -latitude,
        "longitude_deg": -longitude if flags & _WEST else longitude,
        "speed_mps": speed_kmh * _MPS_PER_KMH,
        "course_deg": float(flags & _COURSE),
    }


def _location(content: bytes, ahead: timedelta, *, is_4g: bool) -> Fields:
    """Fix and cell, and then nothing or ignition, mode and re-upload, and maybe the mileage. More is each maker's own."""
    cursor = Cursor(content)
    fields = _fix(cursor, ahead)
    _skip_cell(cursor, is_4g=is_4g)
    if cursor.left in {3, 7}:
        fields["ignition"] = cursor.unsigned(1) == 1
        cursor.take(1)
        fields["buffered"] = cursor.unsigned(1) == 1
    if cursor.left == 4:
        fields["odometer_m"] = float(cursor.unsigned(4))
    return fields


def _place(content: bytes, ahead: timedelta, *, sized: bool = False) -> Fields:
    """The fix, with which all locations begin; what follows it is each maker's own."""
    return _fix(Cursor(content), ahead, sized=sized)


def _alarm(content: bytes, ahead: timedelta, *, is_4g: bool, fence: bool) -> Fields:
    """Fix, cell with its length, state; with `fence` its number may follow. In another length only the fix is understood."""
    cursor = Cursor(content)
    fields = _fix(cursor, ahead)
    if cursor.left > 1:
        cursor.take(1)
        _skip_cell(cursor, is_4g=is_4g)
    return fields | _state(cursor) if cursor.left - _STATE_BYTES in {0, int(fence)} else fields


def _alarm_without_fix(content: bytes, _: timedelta, *, is_4g: bool) -> Fields:
    """Cell and state, of a tracker that does not see the sky; it says no time. Of another length it is another thing."""
    cursor = Cursor(content)
    _skip_cell(cursor, is_4g=is_4g)
    if cursor.left != _STATE_BYTES:
        raise DecodeError("bad_layout", f"{cursor.left} bytes follow the cell where {_STATE_BYTES} tell the state")
    return {"fix_valid": False} | _state(cursor)


def _skip_cell(cursor: Cursor, *, is_4g: bool) -> None:
    """Country, network, area and cell; a set first bit of the country says that the network has two bytes."""
    country = cursor.unsigned(2)
    cursor.take((2 if country & 0x8000 else 1) + (_CELL_BYTES_4G if is_4g else _CELL_BYTES))


def _state(cursor: Cursor) -> Fields:
    state, level, _, alarm = cursor.unsigned(1), cursor.unsigned(1), cursor.unsigned(1), cursor.unsigned(1)
    fields: Fields = {"ignition": bool(state & _IGNITION_STATE), "battery_pct": battery_pct(level)}
    if alarm not in _QUIET_ALARMS:
        fields["alarms"] = (ALARM_NAMES.get(alarm, f"alarm_{alarm:#04x}"),)
    return fields


POSITIONS: Final[Mapping[tuple[int, bool], Callable[[bytes, timedelta], Fields]]] = {
    **{(protocol, is_long): partial(_location, is_4g=False) for protocol in (0x12, 0x22) for is_long in (False, True)},
    **{(0xA0, is_long): partial(_location, is_4g=True) for is_long in (False, True)},
    **dict.fromkeys([(protocol, False) for protocol in (0x10, 0x11, 0x1A, 0x1E, 0x2D, 0x31, 0x32, 0x37)], _place),
    **dict.fromkeys([(0x32, True), (0x33, True)], partial(_place, sized=True)),
    (0x16, False): partial(_alarm, is_4g=False, fence=False),
    **dict.fromkeys([(0x26, False), (0x27, False)], partial(_alarm, is_4g=False, fence=True)),
    (0xA4, False): partial(_alarm, is_4g=True, fence=True),
    (0x19, False): partial(_alarm_without_fix, is_4g=False),
    (0xA5, False): partial(_alarm_without_fix, is_4g=True),
}
"""What a content says, by protocol number and whether its frame is a long one, given how far the clock is ahead of UTC."""


def written_location(position: Position, fix_time: datetime) -> bytes:
    """A location with what is known of ignition and mileage, and zeros for what else is missing, as trackers send it."""
    at = fix_time.astimezone(UTC)
    if not 2000 <= at.year < 2256:
        raise InvalidInputError("reading", f"GT06 has no year {at.year}")
    longitude, latitude = position.longitude_deg or 0.0, position.latitude_deg or 0.0
    flags = round(position.course_deg or 0) % _FULL_CIRCLE_DEG
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
