"""The messages of the outbox as they are read, and sent once more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
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
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver a message."""

    attempt: int
    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which to list; `None` lets all through."""

    state: str | None = None
    alert_id: int | None = None
    person: str | None = None
    channel: str | None = None
    message_id: int | None = None


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("message_id", "created_at", "next_attempt_at", "state", "person", "changed_at")},
    keys={"message_id": Identifier("message_id")},
    changed=SQL("changed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_messages(connection: Connection, wanted: MessageFilter, part: Part = FIRST) -> list[StoredMessage]:
    """Messages, the newest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(StoredMessage)) as cursor:
        return cursor.execute(SQL(_SQL["list_messages"]).format(part=end), {**asdict(wanted), **page}).fetchall()


def message_numbered(connection: Connection, message_id: int) -> StoredMessage:
    """One message. Raises NotFoundError."""
    found = list_messages(connection, MessageFilter(message_id=message_id))
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
