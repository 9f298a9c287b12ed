"""Wishes for proposals now: asked for on a page, taken up by the alerts service, each organisation one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from domain.errors import ConflictError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("learning_requests")


@dataclass(frozen=True, slots=True)
class LearningRequest:
    """A wish, and what came of it."""

    org_id: int
    request_id: int
    asked_by: str
    asked_at: datetime
    taken_at: datetime | None
    done_at: datetime | None
    outcome: str | None


def ask(connection: Connection, org_id: int, asked_by: str) -> None:
    """Wish for proposals. Raises ConflictError while another wish of the organisation waits."""
    if connection.execute(_SQL["ask"], {"org_id": org_id, "asked_by": asked_by}).fetchone() is None:
        raise ConflictError("proposals are being looked for already")


def newest(connection: Connection, org_id: int) -> LearningRequest | None:
    """The organisation's last wish."""
    with connection.cursor(row_factory=class_row(LearningRequest)) as cursor:
        return cursor.execute(_SQL["newest"], {"org_id": org_id}).fetchone()


def take(connection: Connection, now: datetime) -> LearningRequest | None:
    """The wish that has waited for longest, or that somebody took an hour ago and never finished; it is the caller's now."""
    with connection.cursor(row_factory=class_row(LearningRequest)) as cursor:
        return cursor.execute(_SQL["take"], {"now": now}).fetchone()


def finish(connection: Connection, request: LearningRequest, now: datetime, outcome: str) -> None:
    """Say what came of it."""
    row = {"org_id": request.org_id, "request_id": request.request_id, "now": now, "outcome": outcome[:1000]}
    connection.execute(_SQL["finish"], row)
