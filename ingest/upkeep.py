"""What is done beside storing, now and then: sums for reports, and the end of readings that are too old."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from domain.errors import BeatwatchError
from store.failures import database_errors
from store.pool import Role
from store.rollups import drop_days_before, refresh_due_days, refresh_rollups
from store.session import Session, open_session

_log = structlog.get_logger()
_EVERY_S: Final = 60.0
_MOST_OF_THE_TIME: Final = 0.1


def keep_up(database_url: str, retention_days: int, stop: threading.Event) -> None:
    """Once a minute until `stop` is set, less often if that takes long; with 0 `retention_days` readings are kept for ever."""
    took_s = 0.0
    while not stop.wait(max(_EVERY_S, took_s / _MOST_OF_THE_TIME)):
        began_s = time.monotonic()
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
        took_s = time.monotonic() - began_s


def _once(session: Session, retention_days: int, stop: threading.Event) -> None:
    for refresh in (refresh_rollups, refresh_due_days):
        more = True
        while more and not stop.is_set():
            with session.transaction() as connection:
                more = refresh(connection)
    if retention_days:
        with session.transaction() as connection:
            dropped = drop_days_before(connection, (datetime.now(UTC) - timedelta(days=retention_days)).date())
        if dropped:
            _log.info("dropped old readings", partitions=dropped)
