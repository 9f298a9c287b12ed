"""Positions as one array: the form in which the engine reads a device's past and present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.observations import ALARM_NAMES, Position

ROW: Final = np.dtype(
    [
        ("device", "<i4"),
        ("fix_time_us", "<i8"),  # microseconds since 1970, UTC
        ("seq", "<i8"),  # the device's own number, or a negative hash of the reading's content
        ("longitude_e7", "<i4"),  # 1e-7 degree; MISSING_E7 = no position
        ("latitude_e7", "<i4"),
        ("speed_mps", "<f4"),  # NaN = missing, here and in every float below
        ("course_deg", "<f4"),
        ("accuracy_m", "<f4"),
        ("hdop", "<f4"),
        ("satellites", "<i2"),  # -1 = missing
        ("flags", "<u2"),  # per FLAGS[i]: bit i = known, bit i + 8 = its value
        ("cargo_kg", "<f4"),
        ("fuel_l", "<f4"),
        ("external_v", "<f4"),
        ("odometer_m", "<f8"),
        ("alarms", "<u4"),  # bit i = ALARM_BITS[i]; the last bit = a word of the device's own
        ("received_at_us", "<i8"),  # MISSING_US = not known
    ]
)
"""One position. Missing values are sentinels and never 0."""

Rows = NDArray[np.void]

MISSING_E7: Final = -(2**31)
MISSING_US: Final = -(2**63)
FLAGS: Final = ("fix_valid", "ignition", "in_motion", "door_open", "buffered")
FIX_VALID, IGNITION, IN_MOTION, DOOR_OPEN, BUFFERED = range(5)
ALARM_BITS: Final = ALARM_NAMES
OTHER_ALARM_BIT: Final = 31
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEYOND_MEASURE: Final = 1e12  # no device measures such a number: it says nothing
_SATELLITES: Final = range(2**15)
_ONE_US: Final = timedelta(microseconds=1)
_ALARM_BIT: Final = {name: index for index, name in enumerate(ALARM_BITS)}
_SECOND_TEXTS: Final = tuple(f"{second:02}+00:00" for second in range(60))
_CONTENT: Final = tuple(name for name in ROW.names or () if name not in {"seq", "received_at_us"})


def to_us(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // _ONE_US


@lru_cache(maxsize=4096)  # the same few moments are told again and again
def from_us(moment_us: int) -> datetime:
    """The aware UTC moment that `to_us` gave `moment_us` for."""
    return EPOCH + timedelta(0, 0, moment_us)  # by place, as names take half as long again


def moments(moments_us: Sequence[int]) -> list[datetime]:
    """`from_us` of many, several times as quick."""
    return [EPOCH + since for since in np.array(moments_us, "m8[us]").tolist()]


def moment_text(moment_us: int) -> str:
    """`from_us(moment_us).isoformat()`, several times as quick."""
    minute, within_us = divmod(moment_us, 60_000_000)
    second, rest_us = divmod(within_us, 1_000_000)
    if rest_us:
        return f"{_minute_text(minute)}{second:02}.{rest_us:06}+00:00"
    return _minute_text(minute) + _SECOND_TEXTS[second]


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    """Such as `2026-11-22T18:56:`."""
    return (EPOCH + timedelta(minutes=minute)).isoformat()[:17]


def pack_flags(values: Sequence[bool | None]) -> int:
    """Tri-state values in the order of FLAGS -> the `flags` field."""
    packed = 0
    for bit, value in enumerate(values):
        if value is not None:
            packed |= (1 << bit) | ((1 << (bit + 8)) if value else 0)
    return packed


def pack_alarms(alarms: Iterable[str]) -> int:
    """Names of alarms -> the `alarms` field; a device's own word sets OTHER_ALARM_BIT."""
    packed = 0
    for alarm in alarms:
        packed |= 1 << _ALARM_BIT.get(alarm, OTHER_ALARM_BIT)
    return packed


def rows_from_positions(positions: Iterable[Position], device_numbers: Mapping[str, int]) -> Rows:
    """Canonical positions -> an array of ROW in the same order.

    Positions without a fix time or of a device that has no number are left out. A missing `seq` becomes a negative hash of the
    content, so that a repeated reading is the same row and two different fixes of one second are two rows. Numbers that no
    device measures are missing.
    """
    rows, is_numberless = packed_rows(positions, device_numbers)
    if is_numberless.any():
        rows["seq"][is_numberless] = content_hash(rows[is_numberless])
    return rows


def packed_rows(positions: Iterable[Position], device_numbers: Mapping[str, int]) -> tuple[Rows, NDArray[np.bool_]]:
    """As `rows_from_positions`, but with a `seq` of 0 where it is missing; and where that is, shape (n,)."""
    packed = [
        _packed(position, device_numbers[position.device])
        for position in positions
        if position.fix_time is not None and position.device in device_numbers
    ]
    rows = np.array([row for row, _ in packed], dtype=ROW)
    return rows, np.array([seq is None for _, seq in packed], dtype=bool)


def _packed(position: Position, device: int) -> tuple[tuple[float, ...], int | None]:
    nan = float("nan")

    def real(value: float | None) -> float:
        return nan if value is None or not abs(value) < _BEYOND_MEASURE else value

    def e7(value: float | None) -> int:
        return MISSING_E7 if value is None or not abs(value) < 214 else round(value * 1e7)

    flags = pack_flags((position.fix_valid, position.ignition, position.in_motion, position.door_open, position.buffered))
    row = (
        device,
        to_us(position.fix_time) if position.fix_time is not None else MISSING_US,
        position.seq if position.seq is not None else 0,
        e7(position.longitude_deg),
        e7(position.latitude_deg),
        real(position.speed_mps),
        real(position.course_deg),
        real(position.accuracy_m),
        real(position.hdop),
        -1 if position.satellites is None or position.satellites not in _SATELLITES else position.satellites,
        flags,
        real(position.cargo_kg),
        real(position.fuel_l),
        real(position.external_v),
        real(position.odometer_m),
        pack_alarms(position.alarms),
        to_us(position.received_at) if position.received_at is not None else MISSING_US,
    )
    return row, position.seq


def content_hash(rows: Rows) -> NDArray[np.int64]:
    """A negative number per row that depends on all it says, but not on when it was received.

    Shape (n,) -> (n,). SplitMix64's finaliser (Steele, Lea and Flood 2014) over the columns.
    """
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for name in _CONTENT:
        column = np.ascontiguousarray(rows[name])
        bits = column.astype("<f8").view(np.uint64) if column.dtype.kind == "f" else column.astype(np.int64).view(np.uint64)
        mixed = _finalise(mixed ^ bits)
    return -((mixed >> np.uint64(1)).astype(np.int64)) - 1


def _finalise(mixed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def in_order(rows: Rows) -> Rows:
    """Sorted by (device, fix_time, seq), each reading once: of copies the one received first, so in one way only."""
    keys = [rows[name] for name in reversed(_CONTENT) if name not in {"device", "fix_time_us"}]
    order = np.lexsort([*keys, rows["received_at_us"], rows["seq"], rows["fix_time_us"], rows["device"]])
    ordered = rows[order]
    if len(ordered) < 2:
        return ordered
    key = ordered[["device", "fix_time_us", "seq"]]
    return ordered[np.concatenate(([True], key[1:] != key[:-1]))]
