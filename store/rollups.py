"""Sums by ten minutes, hour and day, kept in step with what is stored; and the end of old readings."""

from __future__ import annotations

from datetime import date
from typing import Final

from store.pool import Connection
from store.reading_log import batches_after
from store.statements import statements

_SQL = statements("rollups")
_BATCHES: Final = 1_000
_SPANS: Final = 50
_DUE: Final = 2_000
SERIES: Final = ("position", "sensor_reading", "device_status")


def note_touched_spans(connection: Connection) -> bool:
    """Make due the ten minutes of each device that the next stored batches touch; late readings, those they belong to.

    One transaction's worth: True if more waits. What is stored meanwhile does not count, or there would be no end. False also
    when another process is at it.
    """
    held = connection.execute(_SQL["lock_cursor"]).fetchone()
    if held is None:
        return False
    batches = batches_after(connection, held["cursor"], limit=_BATCHES)
    if not batches:
        return False
    starts = [batch.min_fix_time for batch in batches if batch.min_fix_time is not None]
    ends = [batch.max_fix_time for batch in batches if batch.max_fix_time is not None]
    if starts:
        span = {"batch_ids": [batch.batch_id for batch in batches], "min_fix_time": min(starts), "max_fix_time": max(ends)}
        touched = connection.execute(_SQL["touched_spans"], span).fetchall()
        columns = {"devices": "device_id", "org_ids": "org_id", "starts": "starts_at"}
        connection.execute(_SQL["note_due_spans"], {name: [row[key] for row in touched] for name, key in columns.items()})
    connection.execute(_SQL["move_cursor"], {"cursor": batches[-1].cursor})
    return len(batches) == _BATCHES


def refresh_due_spans(connection: Connection) -> bool:
    """Work out anew the sums of the ten minutes that have been due for longest, and of the hours that these belong to.

    One transaction's worth, and a small one: True if more waits. False also when another process is at it.
    """
    if connection.execute(_SQL["lock_cursor"]).fetchone() is None:
        return False
    due = connection.execute(_SQL["list_due_spans"], {"limit": _SPANS}).fetchall()
    if due:
        spans = {"devices": [row["device_id"] for row in due], "starts": [row["starts_at"] for row in due]}
        connection.execute(_SQL["refresh_spans"], spans)
        connection.execute(_SQL["refresh_hours"], spans)
        connection.execute(_SQL["forget_due_spans"], spans)
    return len(due) == _SPANS


def refresh_due_days(connection: Connection) -> bool:
    """Work out anew the next trips, and days of outlets and products, of which visits, stops, drives or orders have changed.

    One transaction's worth: True if there was anything. Safe to run in several processes at once.
    """
    due = connection.execute(_SQL["take_due"], {"limit": _DUE}).fetchall()
    for rollup in ("outlet_day", "product_day", "trip"):
        keys = sorted({(row["org_id"], row["subject"], row["day"]) for row in due if row["rollup"] == rollup})
        if keys:
            org_ids, subjects, days = (list(column) for column in zip(*keys, strict=True))
            wanted = {"org_ids": org_ids, "subjects": subjects, "days": days}
            # Two processes may have been told of the same day: the later one waits, and finds the earlier one's sum.
            connection.execute(_SQL["lock_days"])
            connection.execute(_SQL[f"forget_{rollup}s"], wanted)
            connection.execute(_SQL[f"sum_{rollup}s"], wanted)
    return bool(due)


def show_whom_devices_stand_for(connection: Connection) -> None:
    """Write anew beside newest positions whom they are of, where an assignment has ended or begun since."""
    connection.execute(_SQL["show_whom_devices_stand_for"])


def drop_days_before(connection: Connection, before: date) -> int:
    """Drop all readings of the days before `before`, a partition at a time, and their finest sums; how many partitions."""
    dropped = 0
    for series in SERIES:
        row = connection.execute(_SQL["drop_days_before"], {"series": series, "before": before}).fetchone()
        dropped += 0 if row is None else int(row["dropped"])
    if dropped:
        connection.execute(_SQL["forget_spans_before"], {"before": before})
    return dropped
