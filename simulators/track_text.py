"""Rows of track as CSV text, compiled: the same columns that `wire.files.track_csv` reads, for millions of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.fleet.fixes import NO_PLACE, Fixes, alarm_names

HEADER: Final = (
    b"device_id,fix_time,longitude_deg,latitude_deg,speed_mps,course_deg,accuracy_m,hdop,satellites,fix_valid,ignition,"
    b"door_open,cargo_kg,fuel_l,odometer_m,external_v,alarms,received_at\n"
)
_CHUNK: Final = 50_000
_WIDEST: Final = 400  # bytes of a row, names aside

Bytes = NDArray[np.uint8]
Words = tuple[Bytes, NDArray[np.int64]]


def write_tracks(parts: Iterable[Fixes], devices: Sequence[str], file: BinaryIO) -> int:
    """Write the rows of all parts below a header, in the order given; how many."""
    names = _words([name.encode() for name in devices])
    longest = max((len(name.encode()) for name in devices), default=0)
    file.write(HEADER)
    count = 0
    for chunk in (fixes[first : first + _CHUNK] for fixes in parts for first in range(0, len(fixes), _CHUNK)):
        count += len(chunk)
        kinds, which = np.unique(chunk["alarms"], return_inverse=True)
        alarms = [b"|".join(name.encode() for name in alarm_names(int(bits))) for bits in kinds]
        width = _WIDEST + longest + max(map(len, alarms))
        text = np.empty(len(chunk) * width, np.uint8)
        file.write(text[: _render(chunk, *names, *_words(alarms), which.astype(np.int64), text)].tobytes())
    return count


def _words(words: Sequence[bytes]) -> Words:
    """Words one after another, and where each begins and the last ends."""
    ends = np.cumsum([0, *map(len, words)]).astype(np.int64)
    return np.frombuffer(b"".join(words) or b"\0", np.uint8).copy(), ends


@kernel
def _render(
    fixes: Fixes,
    names: Bytes,
    name_at: NDArray[np.int64],
    alarms: Bytes,
    alarm_at: NDArray[np.int64],
    alarm: NDArray[np.int64],
    text: Bytes,
) -> int:
    at = 0
    for i in range(len(fixes)):
        row = fixes[i]
        at = _word(text, at, names, name_at[row["device"]], name_at[row["device"] + 1])
        at = _moment(text, at, row["fix_us"])
        if row["longitude_e7"] == NO_PLACE:
            at = _comma(text, _comma(text, at))
        else:
            at = _decimal(text, at, row["longitude_e7"], 7)
            at = _decimal(text, at, row["latitude_e7"], 7)
        at = _number(text, at, row["speed_mps"], 2)
        at = _number(text, at, row["course_deg"], 1)
        at = _number(text, at, row["accuracy_m"], 1)
        at = _number(text, at, row["hdop"], 2)
        at = _decimal(text, at, row["satellites"], 0) if row["satellites"] >= 0 else _comma(text, at)
        at = _flag(text, at, row["fix_valid"])
        at = _flag(text, at, row["ignition"])
        at = _flag(text, at, row["door_open"])
        at = _number(text, at, row["cargo_kg"], 1)
        at = _number(text, at, row["fuel_l"], 1)
        at = _number(text, at, row["odometer_m"], 1)
        at = _number(text, at, row["external_v"], 2)
        at = _word(text, at, alarms, alarm_at[alarm[i]], alarm_at[alarm[i] + 1])
        at = _moment(text, at, row["received_us"])
        text[at - 1] = 10  # the last comma becomes the line's end
    return at


@kernel
def _comma(text: Bytes, at: int) -> int:
    text[at] = 44
    return at + 1


@kernel
def _word(text: Bytes, at: int, words: Bytes, begin: int, end: int) -> int:
    for k in range(begin, end):
        text[at + k - begin] = words[k]
    return _comma(text, at + end - begin)


@kernel
def _digits(text: Bytes, at: int, value: int, width: int) -> int:
    """A whole number with leading zeros."""
    for k in range(width - 1, -1, -1):
        text[at + k] = 48 + value % 10
        value //= 10
    return at + width


@kernel
def _decimal(text: Bytes, at: int, scaled: int, places: int) -> int:
    """`scaled` / 10 ** `places` without trailing zeros."""
    if scaled < 0:
        text[at] = 45
        at += 1
        scaled = -scaled
    while places > 0 and scaled % 10 == 0:
        scaled //= 10
        places -= 1
    unit = 10**places
    whole, width = scaled // unit, 1
    while whole >= 10**width:
        width += 1
    at = _digits(text, at, whole, width)
    if places > 0:
        text[at] = 46
        at = _digits(text, at + 1, scaled % unit, places)
    return _comma(text, at)


@kernel
def _number(text: Bytes, at: int, value: float, places: int) -> int:
    if np.isnan(value):
        return _comma(text, at)
    return _decimal(text, at, int(np.rint(value * 10.0**places)), places)


@kernel
def _flag(text: Bytes, at: int, flag: int) -> int:
    if flag == 1:
        text[at], text[at + 1], text[at + 2], text[at + 3] = 116, 114, 117, 101
        return _comma(text, at + 4)
    if flag == 0:
        text[at], text[at + 1], text[at + 2], text[at + 3], text[at + 4] = 102, 97, 108, 115, 101
        return _comma(text, at + 5)
    return _comma(text, at)


@kernel
def _moment(text: Bytes, at: int, microseconds: int) -> int:
    """ISO 8601 in UTC. Civil dates from days: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms."""
    second, fraction = microseconds // 1_000_000, microseconds % 1_000_000
    day, second = second // 86_400 + 719_468, second % 86_400
    era = day // 146_097
    of_era = day - era * 146_097
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    at = _digits(text, at, year_of_era + era * 400 + (1 if month <= 2 else 0), 4)
    text[at] = 45
    at = _digits(text, at + 1, month, 2)
    text[at] = 45
    at = _digits(text, at + 1, of_year - (153 * month_from_march + 2) // 5 + 1, 2)
    text[at] = 84
    at = _digits(text, at + 1, second // 3600, 2)
    text[at] = 58
    at = _digits(text, at + 1, second // 60 % 60, 2)
    text[at] = 58
    at = _digits(text, at + 1, second % 60, 2)
    if fraction:
        text[at] = 46
        at = _digits(text, at + 1, fraction // 1000, 3) if fraction % 1000 == 0 else _digits(text, at + 1, fraction, 6)
    text[at] = 90
    return _comma(text, at + 1)
