"""Messages that could not become readings: kept with their bytes and the reason, so that they can be redriven."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

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


def keep_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep `letters`; the same topic and bytes again count up the one that is kept."""
    columns = zip(DeadLetter._fields, zip(*letters, strict=True), strict=True)
    connection.execute(_SQL["keep_dead_letters"], {name: list(column) for name, column in columns})
