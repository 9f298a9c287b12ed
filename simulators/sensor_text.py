"""Measurements of shelves and boxes as CSV text, compiled: the bytes that `wire.files.sensor_csv` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.digits import Bytes, comma, decimal, flag, moment, real, word, words_of
from simulators.sensors.readings import Measured

HEADER: Final = b"device_id,measured_at,weight_g,temperature_c,humidity_pct,door_open,count,battery_v,seq,received_at\n"
_CHUNK: Final = 50_000
_WIDEST: Final = 200  # bytes of a row, names aside


def write_measured(parts: Iterable[Measured], names: Sequence[str], file: BinaryIO) -> int:
    """Write the rows of all parts below a header, in the order given; how many."""
    encoded = [name.encode() for name in names]
    words, width = words_of(encoded), _WIDEST + max(map(len, encoded), default=0)
    file.write(HEADER)
    count = 0
    for chunk in (rows[first : first + _CHUNK] for rows in parts for first in range(0, len(rows), _CHUNK)):
        count += len(chunk)
        text = np.empty(len(chunk) * width, np.uint8)
        file.write(text[: _render(chunk, *words, text)].tobytes())
    return count


@kernel
def _render(rows: Measured, names: Bytes, name_at: NDArray[np.int64], text: Bytes) -> int:
    at = 0
    for i in range(len(rows)):
        row = rows[i]
        at = word(text, at, names, name_at[row["device"]], name_at[row["device"] + 1])
        at = moment(text, at, row["measured_us"])
        at = real(text, at, row["weight_g"], 1)
        at = real(text, at, row["temperature_c"], 2)
        at = comma(text, at)  # humidity
        at = flag(text, at, row["door_open"])
        at = comma(text, at)  # count
        at = real(text, at, row["battery_v"], 3)
        at = decimal(text, at, row["seq"], 0)
        at = moment(text, at, row["received_us"])
        text[at - 1] = 10  # the last comma becomes the line's end
    return at
