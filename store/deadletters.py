"""Messages that could not become readings: kept with their bytes and the reason, so that they can be redriven."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.errors import NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL = statements("deadletters")


class DeadLetter(NamedTuple):
    """One message on its way in; `tenant` and `format` as far as its topic tells them."""

    received_at: datetime
    topic: str
    payload: bytes
    format: str | None
    reason: str
    detail: str
    tenant: str | None = None
    deliveries: int = 1  # 0 for a letter that is redriven in vain: it has not been delivered again


def keep_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep `letters`; the same topic and bytes again count up the one that is kept."""
    columns = zip(DeadLetter._fields, zip(*letters, strict=True), strict=True)
    connection.execute(_SQL["keep_dead_letters"], {name: list(column) for name, column in columns})


class KeptLetter(NamedTuple):
    """A dead letter to be tried again."""

    dead_letter_id: int
    received_at: datetime
    topic: str
    payload: bytes


def list_dead_letters(
    connection: Connection, *, reason: str | None, include_redriven: bool, limit: int
) -> list[dict[str, Any]]:
    """Newest first, without their payloads."""
    values = {"reason": reason, "all": include_redriven, "limit": limit}
    return connection.execute(_SQL["list_dead_letters"], values).fetchall()


def get_dead_letter(connection: Connection, dead_letter_id: int) -> dict[str, Any]:
    """One with its payload. Raises NotFoundError."""
    row = connection.execute(_SQL["get_dead_letter"], {"dead_letter_id": dead_letter_id}).fetchone()
    if row is None:
        raise NotFoundError("dead letter", str(dead_letter_id))
    return row


def letters_to_redrive(
    connection: Connection, *, after: int, dead_letter_id: int | None, reason: str | None, limit: int
) -> list[KeptLetter]:
    """The next letters with a greater number than `after` that are of the `reason`, or the one with that number."""
    values = {"after": after, "dead_letter_id": dead_letter_id, "reason": reason, "limit": limit}
    return [KeptLetter(*row.values()) for row in connection.execute(_SQL["list_to_redrive"], values)]


def mark_redriven(connection: Connection, ids: Sequence[int]) -> None:
    """Note that these have become readings."""
    connection.execute(_SQL["mark_redriven"], {"ids": list(ids)})
