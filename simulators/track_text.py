"""Rows of track as CSV text, compiled: the same columns that `wire.files.track_csv` reads, for millions of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.digits import Bytes, comma, decimal, flag, moment, number, word, words_of
from simulators.fleet.fixes import NO_PLACE, Fixes, alarm_names

HEADER: Final = (
    b"device_id,fix_time,longitude_deg,latitude_deg,speed_mps,course_deg,accuracy_m,hdop,satellites,fix_valid,ignition,"
    b"door_open,cargo_kg,fuel_l,odometer_m,external_v,alarms,received_at\n"
)
_CHUNK: Final = 50_000
_WIDEST: Final = 400  # bytes of a row, names aside


def write_tracks(parts: Iterable[Fixes], devices: Sequence[str], file: BinaryIO) -> int:
    """Write the rows of all parts below a header, in the order given; how many."""
    names = words_of([name.encode() for name in devices])
    longest = max((len(name.encode()) for name in devices), default=0)
    file.write(HEADER)
    count = 0
    for chunk in (fixes[first : first + _CHUNK] for fixes in parts for first in range(0, len(fixes), _CHUNK)):
        count += len(chunk)
        kinds, which = np.unique(chunk["alarms"], return_inverse=True)
        alarms = [b"|".join(name.encode() for name in alarm_names(int(bits))) for bits in kinds]
        width = _WIDEST + longest + max(map(len, alarms))
        text = np.empty(len(chunk) * width, np.uint8)
        file.write(text[: _render(chunk, *names, *words_of(alarms), which.astype(np.int64), text)].tobytes())
    return count


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
        at = word(text, at, names, name_at[row["device"]], name_at[row["device"] + 1])
        at = moment(text, at, row["fix_us"])
        if row["longitude_e7"] == NO_PLACE:
            at = comma(text, comma(text, at))
        else:
            at = decimal(text, at, row["longitude_e7"], 7)
            at = decimal(text, at, row["latitude_e7"], 7)
        at = number(text, at, row["speed_mps"], 2)
        at = number(text, at, row["course_deg"], 1)
        at = number(text, at, row["accuracy_m"], 1)
        at = number(text, at, row["hdop"], 2)
        at = decimal(text, at, row["satellites"], 0) if row["satellites"] >= 0 else comma(text, at)
        at = flag(text, at, row["fix_valid"])
        at = flag(text, at, row["ignition"])
        at = flag(text, at, row["door_open"])
        at = number(text, at, row["cargo_kg"], 1)
        at = number(text, at, row["fuel_l"], 1)
        at = number(text, at, row["odometer_m"], 1)
        at = number(text, at, row["external_v"], 2)
        at = word(text, at, alarms, alarm_at[alarm[i]], alarm_at[alarm[i] + 1])
        at = moment(text, at, row["received_us"])
        text[at - 1] = 10  # the last comma becomes the line's end
    return at
