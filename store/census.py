"""How much of everything there is: the proof that nothing was lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("census")


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the whole database; `ingest_lag_p95_ms` is from receipt to commit, None where nothing is stored."""

    positions: int
    dead_letters: int
    events: int
    alerts: int
    ingest_lag_p95_ms: float | None


def count_everything(connection: Connection) -> Counts:
    """Count what is stored. Superseded events do not count."""
    row = connection.execute(_SQL["count_everything"]).fetchone()
    assert row is not None  # an aggregate always answers
    return Counts(**row)


def stored_readings(connection: Connection, device_keys: Iterable[str]) -> list[tuple[str, datetime, int]]:
    """(device_key, fix_time, seq) of every stored position of these devices: a reading stored twice is here twice."""
    rows = connection.execute(_SQL["stored_readings"], {"device_keys": list(device_keys)})
    return [(row["device_key"], row["fix_time"], row["seq"]) for row in rows]


def is_caught_up(connection: Connection) -> bool:
    """Whether all that is stored has been judged, and all that was concluded has reached the alerts."""
    row = connection.execute(_SQL["backlog"]).fetchone()
    assert row is not None  # an aggregate always answers
    return not row["batches"] and not row["events"]
