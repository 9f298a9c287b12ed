"""Webhooks, what they are told, and every attempt to tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("webhooks")
LEASE: Final = timedelta(seconds=60)
"""For how long a claimed message is its sender's; after that another takes it to be lost with the first."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where news goes. Its secret is never read back through the API."""

    webhook_id: UUID
    org_id: int
    url: str
    topics: list[str]
    state: str
    failed_count: int
    last_error: str | None
    created_by: str
    created_at: datetime
    changed_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Message:
    """Something that a webhook was or will be told, with each attempt."""

    message_id: UUID
    topic: str
    body: dict[str, Any]
    state: str
    created_at: datetime
    changed_at: datetime
    next_attempt_at: datetime | None
    attempts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send now; `attempt_count` counts this attempt."""

    message_id: UUID
    webhook_id: UUID
    org_id: int
    topic: str
    body: dict[str, Any]
    created_at: datetime
    attempt_count: int
    url: str
    secret: str


def add_webhook(connection: Connection, org_id: int, *, url: str, topics: Sequence[str], secret: str, created_by: str) -> UUID:
    """Keep a new webhook; its identifier."""
    row = {"org_id": org_id, "url": url, "topics": list(topics), "secret": secret, "created_by": created_by}
    added = connection.execute(_SQL["add"], row).fetchone()
    assert added is not None  # nothing conflicts
    webhook_id: UUID = added["webhook_id"]
    return webhook_id


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("created_at", "url", "state", "changed_at")},
    keys={name: Identifier(name) for name in ("created_at", "webhook_id")},
    changed=SQL("changed_at >= %(changed_since)s"),
)
_OF_MESSAGE: Final = {
    name: SQL("message.{}").format(Identifier(name)) for name in ("created_at", "message_id", "topic", "state", "changed_at")
}
MESSAGES: Final = Listing(
    sorts={name: _OF_MESSAGE[name] for name in ("created_at", "topic", "state", "changed_at")},
    keys={name: _OF_MESSAGE[name] for name in ("created_at", "message_id")},
    changed=SQL("message.changed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_webhooks(connection: Connection, state: str | None = None, part: Part = FIRST) -> list[Webhook]:
    """Those of the organisation and of organisations below it, the oldest first unless `part` says otherwise."""
    return _read(connection, {"webhook_id": None, "state": state}, part)


def find_webhook(connection: Connection, webhook_id: UUID, *, lock: bool = False) -> Webhook:
    """One of them, held until the transaction ends if so wished. Raises NotFoundError."""
    if lock:
        connection.execute(_SQL["lock"], {"webhook_id": webhook_id})
    found = _read(connection, {"webhook_id": webhook_id, "state": None}, FIRST)
    if not found:
        raise NotFoundError("webhook", str(webhook_id))
    return found[0]


def change_webhook(
    connection: Connection,
    webhook_id: UUID,
    *,
    url: str | None = None,
    topics: Sequence[str] | None = None,
    state: str | None = None,
) -> None:
    """Change what is given; becoming active forgets the failures."""
    row = {"webhook_id": webhook_id, "url": url, "topics": list(topics) if topics else None, "state": state}
    connection.execute(_SQL["change"], row)
    connection.execute(_SQL["tell"])


def set_secret(connection: Connection, webhook_id: UUID, secret: str) -> None:
    """Sign with another secret from now on."""
    connection.execute(_SQL["set_secret"], {"webhook_id": webhook_id, "secret": secret})


def delete_webhook(connection: Connection, webhook_id: UUID) -> None:
    """Remove a webhook with all it was told."""
    connection.execute(_SQL["delete"], {"webhook_id": webhook_id})


def ping(connection: Connection, webhook: Webhook, actor: str) -> None:
    """Let the webhook be told something that means nothing."""
    connection.execute(_SQL["ping"], {"webhook_id": webhook.webhook_id, "org_id": webhook.org_id, "actor": actor})
    connection.execute(_SQL["tell"])


def list_messages(
    connection: Connection, webhook_id: UUID, state: str | None = None, topic: str | None = None, part: Part = FIRST
) -> list[Message]:
    """What a webhook was told, the newest first unless `part` says otherwise."""
    end, page = ending(MESSAGES, part)
    wanted = {"webhook_id": webhook_id, "state": state, "topic": topic}
    with connection.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(SQL(_SQL["list_messages"]).format(part=end), {**wanted, **page}).fetchall()


def claim(connection: Connection, now: datetime, limit: int) -> list[Due]:
    """Take up to `limit` messages that are due, of active webhooks; whoever takes them has LEASE to finish."""
    with connection.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(_SQL["claim"], {"now": now, "lease": LEASE, "limit": limit}).fetchall()


def delivered(connection: Connection, due: Due, detail: str, now: datetime) -> None:
    """The message arrived."""
    connection.execute(_SQL["finish"], {"message_id": due.message_id, "state": "delivered", "next_attempt_at": now})
    connection.execute(_SQL["note_success"], {"webhook_id": due.webhook_id})
    _log(connection, due, detail, now, succeeded=True)


def failed(
    connection: Connection, due: Due, detail: str, now: datetime, *, retry_at: datetime | None, disabled_after: int
) -> None:
    """The attempt failed; it is made again at `retry_at`, or never. So many failures in a row disable the webhook."""
    state = "dead" if retry_at is None else "pending"
    connection.execute(_SQL["finish"], {"message_id": due.message_id, "state": state, "next_attempt_at": retry_at or now})
    failure = {"webhook_id": due.webhook_id, "detail": detail[:500], "disabled_after": disabled_after}
    connection.execute(_SQL["note_failure"], failure)
    _log(connection, due, detail, now, succeeded=False)


def forget_before(connection: Connection, moment: datetime) -> int:
    """Forget messages that have been told, or have been given up, from before then; how many."""
    return connection.execute(_SQL["forget_before"], {"moment": moment}).rowcount


def _read(connection: Connection, wanted: Mapping[str, Any], part: Part) -> list[Webhook]:
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), {**wanted, **page}).fetchall()


def _log(connection: Connection, due: Due, detail: str, now: datetime, *, succeeded: bool) -> None:
    row = {"message_id": due.message_id, "attempt_no": due.attempt_count, "org_id": due.org_id, "now": now}
    connection.execute(_SQL["log_attempt"], {**row, "succeeded": succeeded, "detail": detail[:1000].replace("\x00", "")})
