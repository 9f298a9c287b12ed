"""Track CSV: one fix a row, in the order of arrival if there is one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from domain.observations import Position
from wire.files.reading import naming, read_lines
from wire.files.table import Column, Table, boolean, instant, integer, number, words

_WRITTEN: Final = (
    Column("device_id", "device", str, required=True),
    Column("fix_time", "fix_time", instant, required=True),
    Column("longitude_deg", "longitude_deg", number),
    Column("latitude_deg", "latitude_deg", number),
    Column("speed_mps", "speed_mps", number),
    Column("course_deg", "course_deg", number),
    Column("accuracy_m", "accuracy_m", number),
    Column("hdop", "hdop", number),
    Column("satellites", "satellites", integer),
    Column("fix_valid", "fix_valid", boolean),
    Column("ignition", "ignition", boolean),
    Column("door_open", "door_open", boolean),
    Column("cargo_kg", "cargo_kg", number),
    Column("fuel_l", "fuel_l", number),
    Column("odometer_m", "odometer_m", number),
    Column("external_v", "external_v", number),
    Column("alarms", "alarms", words),
    Column("received_at", "received_at", instant),
)
_ALSO_READ: Final = (
    Column("altitude_m", "altitude_m", number),
    Column("in_motion", "in_motion", boolean),
    Column("fuel_pct", "fuel_pct", number),
    Column("battery_v", "battery_v", number),
    Column("battery_pct", "battery_pct", number),
    Column("buffered", "buffered", boolean),
    Column("boot_id", "boot_id", integer),
    Column("seq", "seq", integer),
)
_TABLE: Final = Table(Position, [*_WRITTEN, *_ALSO_READ], written=len(_WRITTEN))


def parse_tracks(lines: Iterable[str]) -> Iterator[Position]:
    """The fixes of CSV text, one at a time; `InvalidInputError` names row and column."""
    return _TABLE.parse(lines)


def read_tracks(path: Path) -> Iterator[Position]:
    """The fixes of a CSV file, plain or gzipped, one at a time."""
    with naming(path):
        yield from parse_tracks(read_lines(path))


def read_tracks_of(path: Path, devices: Container[str]) -> Iterator[Position]:
    """The fixes of some devices alone, in a file that `read_tracks` has read: the others' are not looked at."""
    with naming(path):
        yield from _TABLE.of(read_lines(path), "device_id", devices)


def write_tracks(positions: Iterable[Position], file: TextIO) -> int:
    """Write the fixes, the same bytes for the same fixes; how many."""
    return _TABLE.write(positions, file)
