"""The messages of the outbox as they are read, and sent once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row

from domain.errors import ConflictError, NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("mailbox")


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message and where it is; its address is left out, for it may hold secrets."""

    org_id: int
    message_id: int
    alert_id: int | None
    stage: str
    person: str
    channel: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver a message."""

    attempt: int
    at: datetime
    outcome: str
    detail: str


def list_messages(
    connection: Connection, *, state: str | None, alert_id: int | None, before: int | None, limit: int
) -> list[StoredMessage]:
    """Messages, the newest first, before the one of number `before`."""
    wanted = {"state": state, "alert_id": alert_id, "message_id": None, "before": before, "limit": limit}
    return _read(connection, wanted)


def message_numbered(connection: Connection, message_id: int) -> StoredMessage:
    """One message. Raises NotFoundError."""
    found = _read(connection, {"state": None, "alert_id": None, "message_id": message_id, "before": None, "limit": 1})
    if not found:
        raise NotFoundError("message", str(message_id))
    return found[0]


def attempts(connection: Connection, message_id: int) -> list[Attempt]:
    """The delivery log of a message."""
    with connection.cursor(row_factory=class_row(Attempt)) as cursor:
        return cursor.execute(_SQL["attempts"], {"message_id": message_id}).fetchall()


def revive(connection: Connection, message_id: int) -> StoredMessage:
    """Let a dead message be tried once more. Raises NotFoundError, and ConflictError unless it is dead."""
    if not connection.execute(_SQL["revive"], {"message_id": message_id}).rowcount:
        state = message_numbered(connection, message_id).state
        raise ConflictError(f"the message is {state}: only a dead one is sent again")
    connection.execute(_SQL["tell_posted"])
    return message_numbered(connection, message_id)


def _read(connection: Connection, wanted: dict[str, Any]) -> list[StoredMessage]:
    with connection.cursor(row_factory=class_row(StoredMessage)) as cursor:
        return cursor.execute(_SQL["list_messages"], wanted).fetchall()
