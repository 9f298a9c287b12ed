"""Sensor CSV: one measurement of a shelf or cooler a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from domain.observations import SensorReading
from wire.files.reading import naming, read_lines
from wire.files.table import Column, Table, boolean, instant, integer, number

_WRITTEN: Final = (
    Column("device_id", "device", str, required=True),
    Column("measured_at", "measured_at", instant, required=True),
    Column("weight_g", "weight_g", number),
    Column("temperature_c", "temperature_c", number),
    Column("humidity_pct", "humidity_pct", number),
    Column("door_open", "door_open", boolean),
    Column("count", "count", integer),
    Column("battery_v", "battery_v", number),
    Column("seq", "seq", integer),
    Column("received_at", "received_at", instant),
)
_ALSO_READ: Final = (
    Column("battery_pct", "battery_pct", number),
    Column("buffered", "buffered", boolean),
    Column("boot_id", "boot_id", integer),
)
_TABLE: Final = Table(SensorReading, [*_WRITTEN, *_ALSO_READ], written=len(_WRITTEN))


def parse_sensors(lines: Iterable[str]) -> Iterator[SensorReading]:
    """The measurements of CSV text, one at a time; `InvalidInputError` names row and column."""
    return _TABLE.parse(lines)


def read_sensors(path: Path) -> Iterator[SensorReading]:
    """The measurements of a CSV file, plain or gzipped, one at a time."""
    with naming(path):
        yield from parse_sensors(read_lines(path))


def write_sensors(readings: Iterable[SensorReading], file: TextIO) -> int:
    """Write the measurements, the same bytes for the same measurements; how many."""
    return _TABLE.write(readings, file)
