"""Positions straight into the table of their day: no staging table, no test for each row whether it is known.

A COPY cannot pass over what is stored already. It raises UniqueViolation then, and the caller takes the careful way, in a new
transaction. Most batches hold nothing that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format

from domain.grades import Grade
from store.binary_copy import Records, SparseRows, real_array_field, text_array_field
from store.pool import Connection
from store.statements import statements
from store.whole_numbers import in_whole_numbers

_SQL: Final = statements("telemetry")
_KEY: Final = ("device_id", "fix_time", "seq")
_BOOLEANS: Final = frozenset({"fix_valid", "ignition", "in_motion", "door_open", "buffered"})
_REQUIRED: Final = frozenset({*_KEY, "org_id", "received_at", "grade", "grade_reason"})
_MISSING_INT: Final = {2: -1, 4: -(2**31), 8: -(2**63)}  # by size in bytes
_element_oids: Final[WeakKeyDictionary[Connection, int]] = WeakKeyDictionary()
Tables = Mapping[date, tuple[str, str]]
"""Schema and name of the table that has a day's positions."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Positions in the order of their key, each key once, with the lists of those that have any, by row number."""

    rows: Records
    temperatures: Mapping[int, Sequence[float | None]]
    alarms: Mapping[int, Sequence[str]]


def in_order(
    rows: Records, temperatures: Mapping[int, Sequence[float | None]], alarms: Mapping[int, Sequence[str]], wanted: Records
) -> Fresh:
    """The rows that the mask `wanted` says, sorted, so that neighbours in the index are neighbours in the batch."""
    numbers = np.flatnonzero(wanted)
    numbers = numbers[np.lexsort([rows[name][numbers] for name in reversed(_KEY)])]
    again = np.ones(len(numbers), np.bool_)
    again[:1] = False
    for name in _KEY:
        again[1:] &= rows[name][numbers[1:]] == rows[name][numbers[:-1]]
    kept = numbers[~again]
    if not temperatures and not alarms:
        return Fresh(rows[kept], {}, {})
    places = {number: place for place, number in enumerate(kept.tolist())}
    return Fresh(
        rows[kept],
        {places[number]: values for number, values in temperatures.items() if number in places},
        {places[number]: words for number, words in alarms.items() if number in places},
    )


def copy_positions(connection: Connection, fresh: Fresh, batch_id: int, tables: Tables) -> dict[str, Any]:
    """Store `fresh`, whose days are all in `tables`, and move the latest positions forward; what `store_positions` answers.

    Raises psycopg.errors.UniqueViolation when any is stored already, and UndefinedTable when a day has been dropped since.
    """
    rows = _with_batch(in_whole_numbers(fresh.rows), batch_id)
    days = rows["fix_time"].astype("M8[D]")
    columns = sql.SQL(", ").join(map(sql.Identifier, (*(rows.dtype.names or ()), "temperature_c", "alarms")))
    for day in np.unique(days).tolist():
        statement = sql.SQL(_SQL["copy_into_day"]).format(table=sql.Identifier(*tables[day]), columns=columns)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(_sparse(rows, fresh, np.flatnonzero(days == np.datetime64(day))).for_copy())
    _advance_latest(connection, rows, fresh)
    judged = rows["fix_time"][rows["grade"] < Grade.quarantined]
    return {
        "stored": len(rows),
        "quarantined": len(rows) - len(judged),
        "min_time": _moment(judged.min()) if len(judged) else None,
        "max_time": _moment(judged.max()) if len(judged) else None,
    }


def _with_batch(rows: Records, batch_id: int) -> Records:
    wide = np.empty(len(rows), _dtype_with_batch(rows.dtype))
    for name in rows.dtype.names or ():
        wide[name] = rows[name]
    wide["batch_id"] = batch_id
    return wide


@cache
def _dtype_with_batch(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([*((name, dtype[name]) for name in dtype.names or ()), ("batch_id", "<i8")])


def _sparse(rows: Records, fresh: Fresh, numbers: Records) -> SparseRows:
    lists = {}
    if fresh.temperatures or fresh.alarms:
        for place, number in enumerate(numbers.tolist()):
            if number in fresh.temperatures or number in fresh.alarms:
                reals, texts = fresh.temperatures.get(number), fresh.alarms.get(number)
                lists[place] = real_array_field(reals), text_array_field(texts)
    return SparseRows(rows[numbers], _stand_ins(rows.dtype), _BOOLEANS, lists)


@cache
def _stand_ins(dtype: np.dtype[Any]) -> dict[str, int | None]:
    """By column that may be NULL, the integer that stands for it; None for NaN and NaT."""
    names = (name for name in dtype.names or () if name not in _REQUIRED and name != "batch_id")
    return {name: None if dtype[name].kind in "fM" else _MISSING_INT[dtype[name].itemsize] for name in names}


def _advance_latest(connection: Connection, rows: Records, fresh: Fresh) -> None:
    """Each device's newest plausible row."""
    plausible = np.flatnonzero((rows["grade"] < Grade.rejected) & (rows["longitude_e7"] != _MISSING_INT[4]))
    if not len(plausible):
        return
    newest = plausible[np.flatnonzero(np.diff(rows["device_id"][plausible], append=-1))]
    array = _sparse(rows, fresh, newest).as_array(_element_oid(connection))
    connection.execute(_SQL["advance_latest_positions"], {"rows": BinaryValue(array)})


def _element_oid(connection: Connection) -> int:
    """Of the composite type; looked up once for each connection, which is told of the parameter's sort at the same time."""
    oid = _element_oids.get(connection)
    if oid is None:
        connection.adapters.register_dumper(BinaryValue, _BinaryDumper)
        row = connection.execute(_SQL["find_fresh_position_oid"]).fetchone()
        assert row is not None  # the type is made by a migration
        oid = _element_oids[connection] = int(row["oid"])
    return oid


class BinaryValue(bytes):
    """A parameter in PostgreSQL's binary format; its type is what the statement casts it to."""


class _BinaryDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryValue) -> bytes:
        return obj


def _moment(time: np.datetime64) -> datetime:
    moment: datetime = time.astype("M8[us]").item()
    return moment.replace(tzinfo=UTC)
