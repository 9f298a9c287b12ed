"""One connection of a worker's own: it holds advisory locks, hears notifications and writes, all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
import structlog
from psycopg.rows import dict_row

from domain.errors import UnavailableError
from store.failures import MIGRATED
from store.pool import Connection, Role

# A peer that vanished without a word gives up its locks within half a minute.
_OPTIONS: Final = "-c timezone=UTC -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
_LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError)
_RETRY_S: Final = 1.0
_log: Final = structlog.get_logger("session")


class Session:
    """A connection that has taken a role. Losing it raises UnavailableError, and with it every lock is gone.

    So does a migration of the schema under it; then it is to be given up, for the next one knows what is new.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that commits on leaving and rolls back on an exception."""
        try:
            with self._connection.transaction():
                yield self._connection
        except _LOST as error:
            raise UnavailableError(f"the database went away: {error}") from error
        except MIGRATED as error:
            raise UnavailableError(f"the schema was migrated meanwhile: {error}") from error

    @contextmanager
    def acting_for(self, org_id: int) -> Iterator[Connection]:
        """A transaction that prefers the records of an organisation where several have the same name."""
        with self.transaction() as connection:
            connection.execute("SELECT set_config('app.org', %s, true)", (str(org_id),))
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction in which every statement sees the same state of the database."""
        with self.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield connection

    def wait(self, timeout_s: float, *, is_stopping: Callable[[], bool] = lambda: False) -> set[str]:
        """The channels that were notified, as soon as any was or after `timeout_s`."""
        heard: set[str] = set()
        waited_s = 0.0
        try:
            while waited_s < timeout_s and not heard and not is_stopping():
                turn_s = min(0.5, timeout_s - waited_s)  # so that a signal to stop is noticed
                heard = {notice.channel for notice in self._connection.notifies(timeout=turn_s, stop_after=1)}
                waited_s += turn_s
        except _LOST as error:
            raise UnavailableError(f"the database went away: {error}") from error
        return heard

    def close(self) -> None:
        """Give up the connection and all its locks."""
        self._connection.close()


def open_session(database_url: str, role: Role, channels: Sequence[str] = (), *, timeout_s: float = 10.0) -> Session:
    """Connect, take `role` and listen on `channels`. Raises UnavailableError when the database cannot be reached."""
    try:
        connection: Connection = psycopg.connect(
            database_url, autocommit=True, row_factory=dict_row, options=_OPTIONS, connect_timeout=max(2, round(timeout_s))
        )
        connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))
        for channel in channels:
            connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
    except psycopg.OperationalError as error:
        raise UnavailableError(f"cannot reach the database: {error}") from error
    except psycopg.errors.InvalidParameterValue as error:
        connection.close()
        raise UnavailableError("the database has no schema yet (beatwatch migrate)") from error
    return Session(connection)


def keep_serving(
    database_url: str, role: Role, channels: Sequence[str], stop: threading.Event, serve: Callable[[Session], None]
) -> None:
    """Call `serve` with a session until `stop` is set, each second with a new one while the database is or goes away."""
    while not stop.is_set():
        try:
            session = open_session(database_url, role, channels)
        except UnavailableError as error:
            _log.warning("database_away", reason=str(error))
            stop.wait(_RETRY_S)
            continue
        try:
            serve(session)
        except UnavailableError as error:
            _log.warning("database_went_away", reason=str(error))
            stop.wait(_RETRY_S)
        finally:
            session.close()
