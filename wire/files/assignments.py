"""Which tracker was on which vehicle, and when: a CSV or a JSON list of `device_id, vehicle_id, valid_from, valid_until`."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from domain.devices import Assignment
from domain.errors import InvalidInputError
from wire.files.node import Node, parse_document
from wire.files.reading import naming, read_bytes
from wire.files.table import Column, Table, instant
from wire.instants import format_instant

_COLUMNS: Final = (
    Column("device_id", "device_id", str, required=True),
    Column("vehicle_id", "vehicle_id", str, required=True),
    Column("valid_from", "valid_from", instant),
    Column("valid_until", "valid_until", instant),
)
_TABLE: Final = Table(Assignment, _COLUMNS, written=len(_COLUMNS), is_closed=True)
_NAMES: Final = frozenset(Assignment._fields)
_EVER: Final = datetime.min.replace(tzinfo=UTC)


class _Told(NamedTuple):
    """An assignment, and the row or the path where it stands."""

    place: str
    column: str  # what stands between the place and the name of a column
    assignment: Assignment

    def refuse(self, name: str, detail: str) -> InvalidInputError:
        return InvalidInputError(f"{self.place}{self.column}{name}", detail)


def parse_assignments(content: bytes | str) -> list[Assignment]:
    """The assignments of a CSV, or of a JSON object or list of them, in the order of the file.

    Raises InvalidInputError naming the row and column, or the member's path, of what cannot be read, of an end that is not
    after its beginning, of a device that is in two places at a time, and of columns or members that are not known.
    """
    raw = content.encode() if isinstance(content, str) else content
    raw = raw.removeprefix(BOM_UTF8)
    told = list(_from_json(raw) if raw.lstrip()[:1] in (b"[", b"{") else _from_csv(raw))
    for one in told:
        _check_span(one)
    _refuse_overlaps(told)
    return [one.assignment for one in told]


def read_assignments(path: Path) -> list[Assignment]:
    """The assignments of a file, plain or gzipped."""
    with naming(path):
        return parse_assignments(read_bytes(path))


def write_assignments(assignments: Iterable[Assignment], file: TextIO) -> int:
    """Write a CSV, the same bytes for the same assignments; how many."""
    return _TABLE.write(assignments, file)


def _from_csv(raw: bytes) -> Iterator[_Told]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidInputError(f"line {line}", "is not UTF-8 text") from error
    lines = io.StringIO(text, newline="")
    return (_Told(f"row {number}", ", column ", assignment) for number, assignment in _TABLE.numbered(lines))


def _from_json(raw: bytes) -> Iterator[_Told]:
    document = parse_document(raw)
    nodes = [document] if isinstance(document.value, dict) else document.items()
    return (_Told(node.path, "." if node.path else "", _assignment(node)) for node in nodes)


def _assignment(node: Node) -> Assignment:
    for name in node.mapping():
        if name not in _NAMES:
            raise node.at(name).refuse(f"is not known; known are {', '.join(Assignment._fields)}")
    return Assignment(
        node.text("device_id"), node.text("vehicle_id"), node.maybe_instant("valid_from"), node.maybe_instant("valid_until")
    )


def _check_span(told: _Told) -> None:
    since, until = told.assignment.valid_from, told.assignment.valid_until
    if since is not None and until is not None and until <= since:
        raise told.refuse("valid_until", f"is not after valid_from, {format_instant(since)}")


def _refuse_overlaps(told: Iterable[_Told]) -> None:
    """A device is on one vehicle at a time; a vehicle may have two trackers."""
    of_device: dict[str, list[_Told]] = defaultdict(list)
    for one in told:
        of_device[one.assignment.device_id].append(one)
    for theirs in of_device.values():
        for before, after in pairwise(sorted(theirs, key=_since)):
            if before.assignment.valid_until is None or _since(after) < before.assignment.valid_until:
                name, vehicle = before.assignment.device_id, before.assignment.vehicle_id
                raise after.refuse("valid_from", f"{name!r} is still on {vehicle!r} then ({before.place})")


def _since(told: _Told) -> datetime:
    return told.assignment.valid_from or _EVER
