"""What is done beside storing, now and then: sums for reports, and the end of readings that are too old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from domain.errors import BeatwatchError
from store.failures import database_errors
from store.pool import Connection, Role
from store.rollups import (
    drop_days_before,
    note_touched_spans,
    refresh_due_days,
    refresh_due_spans,
    show_whom_devices_stand_for,
)
from store.session import Session, open_session

_log = structlog.get_logger()
_EVERY_S: Final = 60.0
_REST: Final = 4.0
"""For how many times as long as a step took nothing is done after it: who stores and judges has the cores."""


def keep_up(database_url: str, retention_days: int, stop: threading.Event) -> None:
    """Once a minute until `stop` is set, a fifth of the time at most; with 0 `retention_days` readings are kept for ever."""
    while not stop.wait(_EVERY_S):
        try:
            session = open_session(database_url, Role.worker)
        except BeatwatchError:
            continue  # who stores says that the database is away
        try:
            with database_errors("keep the sums"):
                _once(session, retention_days, stop)
        except BeatwatchError as error:
            _log.warning("upkeep is put off", reason=str(error))
        finally:
            session.close()


def _once(session: Session, retention_days: int, stop: threading.Event) -> None:
    for step in (note_touched_spans, refresh_due_spans, refresh_due_days):
        while _walk(session, step, stop):
            pass
    with session.transaction() as connection:
        show_whom_devices_stand_for(connection)
    if retention_days:
        with session.transaction() as connection:
            dropped = drop_days_before(connection, (datetime.now(UTC) - timedelta(days=retention_days)).date())
        if dropped:
            _log.info("dropped old readings", partitions=dropped)


def _walk(session: Session, step: Callable[[Connection], bool], stop: threading.Event) -> bool:
    """One step and a rest in proportion; whether there is more to do, and time for it."""
    began_s = time.monotonic()
    with session.transaction() as connection:
        more = step(connection)
    return more and not stop.wait(_REST * (time.monotonic() - began_s))
