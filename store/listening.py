"""Hearing what other programs stored. A notification only says that there is something to read; the tables say what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from domain.errors import UnavailableError


class Listener:
    """A connection that hears some channels."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def heard(self, timeout_s: float) -> set[str]:
        """Channels with news within `timeout_s`, or none. Raises UnavailableError when the server is gone."""
        try:
            return {note.channel for note in self._connection.notifies(timeout=timeout_s, stop_after=1)}
        except psycopg.OperationalError as error:
            raise UnavailableError(f"the database went away while listening: {error}") from error


@contextmanager
def listening(database_url: str, channels: Sequence[str]) -> Iterator[Listener]:
    """Listen on `channels` while the context lasts. Raises UnavailableError when the server cannot be reached."""
    try:
        connection = psycopg.connect(database_url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"cannot reach the database to listen: {error}") from error
    with connection:
        for channel in channels:
            connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
        yield Listener(connection)
