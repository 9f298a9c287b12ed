"""Point CSV: places by `longitude_deg` and `latitude_deg`; a track CSV is one too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from wire.files.reading import naming, read_lines
from wire.files.table import Column, Table, number


class Point(NamedTuple):
    """A place in degrees."""

    longitude_deg: float
    latitude_deg: float


def _within(limit: float, text: str) -> float:
    value = number(text)
    if abs(value) > limit:
        raise ValueError(f"{text} is not between -{limit:g} and {limit:g} degrees")
    return value


def _longitude(text: str) -> float:
    return _within(180.0, text)


def _latitude(text: str) -> float:
    return _within(90.0, text)


_COLUMNS: Final = (
    Column("longitude_deg", "longitude_deg", _longitude, required=True),
    Column("latitude_deg", "latitude_deg", _latitude, required=True),
)
_TABLE: Final = Table(Point, _COLUMNS, written=len(_COLUMNS))


def parse_points(lines: Iterable[str]) -> Iterator[Point]:
    """The places of CSV text, one at a time; `InvalidInputError` names row and column."""
    return _TABLE.parse(lines)


def read_points(path: Path) -> Iterator[Point]:
    """The places of a CSV file, plain or gzipped, one at a time."""
    with naming(path):
        yield from parse_points(read_lines(path))
