"""CSV with a header of known columns, streaming both ways. Empty means missing; unknown columns are ignored."""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final, Generic, NamedTuple, TextIO, TypeVar

from domain.errors import InvalidInputError
from wire.instants import format_instant, parse_instant

T = TypeVar("T", bound=NamedTuple)
Plan = list[tuple[int, int, Callable[[str], Any]]]
"""For each known column of a file: its cell's index, its place in the record, and how to read it."""
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_INT8: Final = range(-(2**63), 2**63)
_LONGEST_SHOWN: Final = 200
_EXACT: Final = 2**53  # up to here a float is the number that was written


@dataclass(frozen=True, slots=True)
class Column:
    """A column, the field of the record that it fills, and how its text becomes a value (`ValueError` if it does not)."""

    name: str
    field: str
    parse: Callable[[str], Any]
    required: bool = False


def number(text: str) -> float:
    """A finite number."""
    value = float(text)
    if not isfinite(value) or "_" in text:
        raise ValueError(f"{text!r} is not a finite number")
    return value


def integer(text: str) -> int:
    """A whole number of at most 64 bits; `8.0`, as programs write columns with gaps, is 8."""
    try:
        value = int(text)
    except ValueError:
        value = _whole(text)
    if value not in _INT8 or "_" in text:
        raise ValueError(f"{text!r} is not a 64-bit integer")
    return value


def _whole(text: str) -> int:
    value = number(text)
    if not value.is_integer() or abs(value) > _EXACT:
        raise ValueError(f"{text!r} is not a whole number")
    return int(value)


def boolean(text: str) -> bool:
    """`true`, `false`, `1` or `0`, also as `1.0` and `0.0`."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError(f"{text!r} is not true or false")
    return value


def words(text: str) -> tuple[str, ...]:
    """Words separated by `|`."""
    return tuple(word for word in text.split("|") if word)


instant = parse_instant


class Table(Generic[T]):
    """Reads and writes records of one named tuple type."""

    def __init__(self, record: type[T], columns: Sequence[Column], *, written: int, is_closed: bool = False) -> None:
        """`columns` are all that are read; the first `written` of them are the file's form.

        Where a table is closed its header must name all of them and no other: a column misspelt is not one left out.
        """
        self._make = record._make
        self._slots = {column.name: record._fields.index(column.field) for column in columns}
        self._blank = [record._field_defaults.get(field) for field in record._fields]
        self._required = [(column.name, self._slots[column.name]) for column in columns if column.required]
        self._columns = {column.name: column for column in columns}
        self._written = [column.name for column in columns[:written]]
        self._wanted = [column.name for column in columns if column.required or is_closed]
        self._is_closed = is_closed

    def parse(self, lines: Iterable[str]) -> Iterator[T]:
        """The records of CSV text; `InvalidInputError` names the row (the first after the header is 1) and the column."""
        return (record for _, record in self.numbered(lines))

    def of(self, lines: Iterable[str], column: str, cells: Container[str]) -> Iterator[T]:
        """As `parse`, those records alone that have one of `cells` in a column; the other rows' cells are not read."""
        return (record for _, record in self.numbered(lines, column, cells))

    def numbered(self, lines: Iterable[str], column: str | None = None, cells: Container[str] = ()) -> Iterator[tuple[int, T]]:
        """As `parse`, or, with a column, as `of`, each record after the number of its row."""
        rows = csv.reader(lines, strict=True, skipinitialspace=True)
        number_of_row = 0
        try:
            header = [name.strip() for name in next(rows, [])]
            plan = self._plan(header)
            at = None if column is None else header.index(column)
            for number_of_row, row in enumerate(rows, start=1):
                if at is not None and at < len(row) and row[at] not in cells:
                    continue
                if len(row) > 1 or (row and row[0].strip()):  # a line of blanks is a blank line
                    yield number_of_row, self._record(row, header, plan, number_of_row)
        except csv.Error as error:
            raise InvalidInputError(f"row {number_of_row + 1}", str(error)) from error

    def write(self, records: Iterable[T], file: TextIO) -> int:
        """Write header and rows, the same bytes for the same records; how many rows.

        A row with a text that begins with a blank is quoted, for blanks after a comma are not read.
        """
        slots = [self._slots[name] for name in self._written]
        writer = csv.writer(file, lineterminator="\n")
        quoting = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(self._written)
        count = 0
        for record in records:
            row = [_text(record[slot]) for slot in slots]
            (quoting if any(cell[:1] == " " for cell in row) else writer).writerow(row)
            count += 1
        return count

    def _plan(self, header: list[str]) -> Plan:
        read = [name for name in header if name in self._columns or self._is_closed]
        if twice := next((name for name in read if read.count(name) > 1), None):
            raise InvalidInputError("header", f"names the column {twice[:_LONGEST_SHOWN]!r} twice")
        for name in self._wanted:
            if name not in header:
                found = ", ".join(header)[:_LONGEST_SHOWN] or "none at all"
                raise InvalidInputError("header", f"has no column {name}, but {found}")
        for name in header if self._is_closed else ():
            if name not in self._columns:
                raise InvalidInputError(
                    "header", f"has a column {name[:_LONGEST_SHOWN]!r}; known are {', '.join(self._columns)}"
                )
        known = [(index, name) for index, name in enumerate(header) if name in self._columns]
        return [(index, self._slots[name], self._columns[name].parse) for index, name in known]

    def _record(self, row: list[str], header: list[str], plan: Plan, number: int) -> T:
        if len(row) != len(header):
            raise InvalidInputError(f"row {number}", f"has {len(row)} cells and the header {len(header)}")
        values = self._blank.copy()
        try:
            for index, slot, parse in plan:
                cell = row[index]
                if cell:
                    values[slot] = parse(cell)
        except ValueError as error:
            raise InvalidInputError(f"row {number}, column {header[index]}", str(error)) from error
        for name, slot in self._required:
            if values[slot] is None:
                raise InvalidInputError(f"row {number}, column {name}", "is blank")
        return self._make(values)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, tuple):
        return "|".join(value)
    return str(value) if isinstance(value, int | str) else repr(float(value))
