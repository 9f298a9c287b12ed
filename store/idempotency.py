"""What was asked once under a key of the caller's, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("idempotency")
KEPT_FOR: Final = timedelta(hours=24)
GIVEN_UP_AFTER: Final = timedelta(seconds=60)
"""Who began so long ago and changed nothing has died: the next one with the same key may try."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key of a caller."""

    org_id: int
    actor: str
    key: str

    def row(self) -> dict[str, Any]:
        """As statements want it."""
        return {"org_id": self.org_id, "actor": self.actor, "key": self.key}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request that came before with the same key. Done without a status, its answer was not kept."""

    digest: bytes
    is_done: bool
    status: int | None
    headers: dict[str, str] | None
    body: bytes | None


def begin(connection: Connection, claim: Claim, digest: bytes) -> Earlier | None:
    """Take the key: None when it is ours to do, else what came before under it."""
    connection.execute(_SQL["forget_old"], {"kept_for": KEPT_FOR})
    row = {**claim.row(), "digest": digest, "given_up_after": GIVEN_UP_AFTER}
    if connection.execute(_SQL["begin"], row).fetchone() is not None:
        return None
    with connection.cursor(row_factory=class_row(Earlier)) as cursor:
        return cursor.execute(_SQL["find"], claim.row()).fetchone()


def keep_answer(connection: Connection, claim: Claim, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keep the answer to a request that was done."""
    answer = {"status": status, "headers": Jsonb(dict(headers)), "body": body}
    connection.execute(_SQL["keep_answer"], {**claim.row(), **answer})


def give_up(connection: Connection, claim: Claim) -> None:
    """Let the key be used again, unless something was changed under it."""
    connection.execute(_SQL["give_up"], claim.row())


def note_done(connection: Connection, claim: Claim) -> None:
    """Say, in the transaction that changes something, that it was done."""
    connection.execute(_SQL["note_done"], claim.row())
