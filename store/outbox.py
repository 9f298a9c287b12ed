"""Messages to people: written with what caused them, sent afterwards, each attempt on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from psycopg.types.json import Jsonb

from domain.recipients import Letter
from store.pool import Connection
from store.push_subscriptions import PushSubscription
from store.statements import statements
from store.storable import storable

_SQL: Final = statements("outbox")
LEASE: Final = timedelta(seconds=60)
"""For how long a claimed message is its sender's; after that another sender takes it to be lost with the first."""


class Attachment(NamedTuple):
    """A file that goes with a message on channels that can carry one."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to send now; `attempt` counts from 1."""

    message_id: int
    org_id: int
    alert_id: int | None
    stage: str
    person: str
    channel: str
    address: str
    body: dict[str, Any]
    attempt: int
    created_at: datetime
    due_at: datetime  # when this attempt was to be made
    alert_is_resolved: bool
    attachments: tuple[Attachment, ...] = ()
    browsers: tuple[PushSubscription, ...] = ()
    secret: str = ""  # of whom it is for; empty: the installation's
    vehicle_id: str | None = None  # on which the alert's device was
    time_zone: str = "UTC"  # of the organisation


def post(connection: Connection, letters: Iterable[Letter], now: datetime) -> None:
    """Put letters in the outbox; one that is there already, by alert, stage, person and channel, stays as it is."""
    rows = [storable({name: getattr(letter, name) for name in Letter.__dataclass_fields__}) for letter in letters]
    if rows:
        connection.execute(_SQL["post"], {"rows": Jsonb(rows), "now": now})
        connection.execute(_SQL["tell_posted"])


def claim(connection: Connection, now: datetime, *, limit: int) -> list[Claimed]:
    """Take up to `limit` messages that are due; whoever takes them has LEASE to finish."""
    rows = connection.execute(_SQL["claim"], {"now": now, "lease_until": now + LEASE, "limit": limit})
    return [
        Claimed(
            row["message_id"],
            row["org_id"],
            row["alert_id"],
            row["stage"],
            row["person"],
            row["channel"],
            row["address"],
            row["body"],
            row["attempts"],
            row["created_at"],
            row["due_at"],
            row["alert_state"] == "resolved",
            vehicle_id=row["vehicle_id"],
            time_zone=row["time_zone"],
        )
        for row in rows
    ]


def delivered(connection: Connection, message: Claimed, detail: str, now: datetime) -> None:
    """The message arrived."""
    _finish(connection, message, "delivered", now, now)
    _log(connection, message, "delivered", detail, now)


def failed(connection: Connection, message: Claimed, detail: str, now: datetime, retry_at: datetime | None) -> None:
    """The attempt failed; it is made again at `retry_at`, or, without that, the message is dead."""
    _finish(connection, message, "dead" if retry_at is None else "pending", retry_at or now, now)
    _log(connection, message, "failed", detail, now)


def void(connection: Connection, message: Claimed, detail: str, now: datetime) -> None:
    """Nobody needs the message any more."""
    _finish(connection, message, "void", now, now)
    _log(connection, message, "void", detail, now)


def _finish(connection: Connection, message: Claimed, state: str, next_attempt_at: datetime, now: datetime) -> None:
    finish = {"message_id": message.message_id, "state": state, "next_attempt_at": next_attempt_at, "now": now}
    connection.execute(_SQL["finish"], finish)


def _log(connection: Connection, message: Claimed, outcome: str, detail: str, now: datetime) -> None:
    attempt = {"message_id": message.message_id, "attempt": message.attempt, "org_id": message.org_id, "now": now}
    connection.execute(_SQL["log_delivery"], {**attempt, "outcome": outcome, "detail": detail[:1000].replace("\x00", "")})
