"""The log of stored readings: batches in the order in which they became visible, and the rows that may be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from store.binary_copy import Records, unpack_array
from store.pool import Connection
from store.statements import statements

_SQL = statements("reading_log")


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One committed batch in the log; `cursor` orders batches and never goes back."""

    batch_id: int
    cursor: int
    stored_at: datetime
    min_fix_time: datetime | None
    max_fix_time: datetime | None
    min_measured_at: datetime | None
    max_measured_at: datetime | None
    position_count: int
    sensor_count: int
    status_count: int


def batches_after(connection: Connection, cursor: int, *, limit: int = 1000) -> list[BatchRecord]:
    """The next batches after `cursor` (0 = from the beginning), oldest first.

    No batch can appear before one that is returned: a reader that keeps the last one's `cursor` misses nothing.
    """
    rows = connection.execute(_SQL["list_batches_after"], {"cursor": cursor, "limit": limit}).fetchall()
    return [BatchRecord(**row) for row in rows]


def newest_cursor(connection: Connection) -> int:
    """The cursor of a reader that has seen everything so far."""
    row = connection.execute(_SQL["newest_cursor"]).fetchone()
    assert row is not None  # an aggregate always has a row
    cursor: int = row["cursor"]
    return cursor


def rows_of_batches(
    connection: Connection, batches: Sequence[BatchRecord], dtype: np.dtype[Any], alarm_bits: Sequence[str]
) -> Records:
    """The positions of `batches` that may be judged, as `dtype` (the engine's ROW), sorted by device, fix time and seq.

    Those that were refused because their clock is ahead, or at its epoch, are among them as they are.
    `alarm_bits` names the alarms of bits 0 and up; any other word sets bit 31.
    """
    starts = [batch.min_fix_time for batch in batches if batch.min_fix_time is not None]
    ends = [batch.max_fix_time for batch in batches if batch.max_fix_time is not None]
    wanted: dict[str, Any] = {"batch_ids": [batch.batch_id for batch in batches]}
    rows = np.empty(0, dtype)
    if starts:
        bounds = {"min_fix_time": min(starts), "max_fix_time": max(ends)}
        rows = _read_rows(connection, "rows_of_batches", wanted | bounds, dtype, alarm_bits)
    if len(rows) == sum(batch.position_count for batch in batches):
        return rows
    return _with_heard(rows, _read_rows(connection, "heard_of_batches", wanted, dtype, alarm_bits))


def rows_of_devices(
    connection: Connection,
    spans: Mapping[int, tuple[datetime, datetime]],
    cursor: int,
    dtype: np.dtype[Any],
    alarm_bits: Sequence[str],
) -> Records:
    """Positions that may be judged of many devices, each with `after < fix_time <= until` of its span, as `dtype`, in order.

    With those that were refused because their clock is ahead, or at its epoch, and were received within the span.

    Only what batches up to `cursor` stored, so that a reader sees again what it had seen, and no more.
    """
    if not spans:
        return np.empty(0, dtype)
    afters, untils = zip(*spans.values(), strict=True)
    parameters = {"device_ids": list(spans), "afters": list(afters), "untils": list(untils)}
    bounds = {"first_after": min(afters), "last_until": max(untils), "cursor": cursor}
    rows = _read_rows(connection, "rows_of_devices", {**parameters, **bounds}, dtype, alarm_bits)
    return _with_heard(rows, _read_rows(connection, "heard_of_devices", {**parameters, **bounds}, dtype, alarm_bits))


def _with_heard(rows: Records, heard: Records) -> Records:
    if len(heard) == 0:
        return rows
    both = np.concatenate((rows, heard))
    return both[np.lexsort((both["seq"], both["fix_time_us"], both["device"]))]


def _read_rows(
    connection: Connection, statement: str, parameters: dict[str, Any], dtype: np.dtype[Any], alarm_bits: Sequence[str]
) -> Records:
    """A column at a time, each as one array in binary: a row at a time costs more to receive than to find."""
    names = dtype.names or ()
    query = _SQL[statement].replace("{row_names}", ", ".join(names))
    for part in ("row_columns", "is_heard"):
        query = query.replace(f"{{{part}}}", _SQL[part])
    query = query.replace("{row_arrays}", ", ".join(f"array_send(array_agg({name})) AS {name}" for name in names))
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(query, {**parameters, "alarm_bits": list(alarm_bits)}).fetchone()
    assert row is not None  # an aggregate always has a row
    if row[names[0]] is None:
        return np.empty(0, dtype)
    sent = _sent_dtype(dtype)
    columns = {name: unpack_array(row[name], sent[name]) for name in names}
    rows = np.empty(len(columns[names[0]]), dtype)
    for name, column in columns.items():
        rows[name] = column.view("<i8") if column.dtype.kind == "M" else column
    return rows


def _sent_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The engine's row with its microsecond fields as the timestamps that the database sends."""
    return np.dtype([(name, "<M8[us]" if name.endswith("_us") else dtype[name].str) for name in dtype.names or ()])
