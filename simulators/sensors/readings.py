"""Columns of measurements as rows, with a link that is a little late and a battery that runs down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.observations import SensorReading
from simulators.moments import from_unix_us, to_unix_us

MEASURED: Final = np.dtype(
    [
        ("device", "i4"),  # index into the names of the sensors
        ("measured_us", "i8"),  # Unix microseconds
        ("received_us", "i8"),
        ("weight_g", "f8"),  # NaN: not measured, also in the next
        ("temperature_c", "f8"),
        ("door_open", "i1"),  # -1: not measured
        ("battery_v", "f8"),
        ("seq", "i8"),
    ]
)
"""The columns of a measurement."""

Measured = NDArray[np.void]
Floats = NDArray[np.float64]


def measure(
    day_start: datetime,
    second: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    first_seq: int,
    weight_g: Floats | None = None,
    temperature_c: Floats | None = None,
    door_open: NDArray[np.bool_] | None = None,
) -> Measured:
    """One row of sensor 0 for each second of the day; columns are (n,) like `second`."""
    rows = np.zeros(len(second), MEASURED)
    late_s = np.round(1.5 * np.exp(rng.normal(0, 0.6, len(second))), 3)
    rows["measured_us"] = to_unix_us(day_start) + second * 1_000_000
    rows["received_us"] = rows["measured_us"] + np.round(late_s * 1000).astype(np.int64) * 1000
    rows["seq"] = np.arange(first_seq, first_seq + len(second))
    rows["weight_g"] = _rounded(weight_g, 1)
    rows["temperature_c"] = _rounded(temperature_c, 2)
    rows["door_open"] = -1 if door_open is None else door_open
    rows["battery_v"] = _rounded(3.62 - 1e-6 * rows["seq"], 3)
    return rows


def _rounded(values: Floats | None, digits: int) -> Floats | float:
    """Exactly rounded, as decimals are read; numpy scales and may be one off."""
    return np.nan if values is None else np.array([round(one, digits) for one in values.tolist()])


def in_arrival_order(rows: Measured, names: Sequence[str]) -> Measured:
    """Rows by receipt, sensor's name and number."""
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return rows[np.lexsort((rows["seq"], rank[rows["device"]], rows["received_us"]))]


def readings_of(rows: Measured, names: Sequence[str]) -> Iterator[SensorReading]:
    """Rows as canonical readings."""
    columns = [rows[name].tolist() for name in MEASURED.names or ()]
    for device, measured_us, received_us, weight_g, temperature_c, door, battery_v, seq in zip(*columns, strict=True):
        yield SensorReading(
            device=names[device],
            measured_at=from_unix_us(measured_us),
            received_at=from_unix_us(received_us),
            weight_g=_maybe(weight_g),
            temperature_c=_maybe(temperature_c),
            door_open=None if door < 0 else door == 1,
            battery_v=battery_v,
            seq=seq,
        )


def _maybe(value: float) -> float | None:
    return value if value == value else None
