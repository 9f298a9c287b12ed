"""Browsers in which people want to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("push_subscriptions")


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """Where a browser is reached, and the keys that a message for it is sealed with, in unpadded base64url."""

    endpoint: str
    p256dh: str
    auth: str
    browser: str = ""
    created_at: datetime | None = None


def subscribe(connection: Connection, org_id: int, person: str, subscription: PushSubscription) -> None:
    """Remember a browser of a person, who hears of medium severity and more unless they said otherwise."""
    row = {name: getattr(subscription, name) for name in ("endpoint", "p256dh", "auth", "browser")}
    connection.execute(_SQL["save"], {**row, "org_id": org_id, "person": person})
    connection.execute(_SQL["want_pushes"], {"org_id": org_id, "person": person})


def subscriptions_of(connection: Connection, org_id: int, person: str) -> list[PushSubscription]:
    """A person's browsers, the oldest first."""
    with connection.cursor(row_factory=class_row(PushSubscription)) as cursor:
        return cursor.execute(_SQL["subscriptions_of"], {"org_id": org_id, "person": person}).fetchall()


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("created_at", "endpoint", "browser")},
    keys={name: Identifier(name) for name in ("created_at", "endpoint")},
    changed=SQL("changed_at >= %(changed_since)s"),
)


def list_subscriptions(connection: Connection, org_id: int, person: str, part: Part = FIRST) -> list[PushSubscription]:
    """A person's browsers, the oldest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    wanted = {"org_id": org_id, "person": person, **page}
    with connection.cursor(row_factory=class_row(PushSubscription)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), wanted).fetchall()


def unsubscribe(connection: Connection, org_id: int, endpoint: str, person: str | None = None) -> None:
    """Forget a browser, if it is that person's. Raises NotFoundError."""
    row = connection.execute(_SQL["forget"], {"org_id": org_id, "endpoint": endpoint, "person": person}).fetchone()
    if row is None:
        raise NotFoundError("subscription", endpoint)
    connection.execute(_SQL["want_no_pushes"], {"org_id": org_id, "person": row["person"]})
