"""The end of what has grown old, some rows at a time, and the tasks of the night."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("pruning")
_SPACE: Final = 0x7072756E  # of advisory locks
AT_ONCE: Final = 5_000


class Ages(NamedTuple):
    """How old what may be forgotten has to be; None: it is kept for ever."""

    plan_changes: timedelta | None = timedelta(days=7)
    batches: timedelta | None = timedelta(days=35)
    messages: timedelta | None = timedelta(days=180)
    alerts: timedelta | None = None


class NightOf(NamedTuple):
    """An organisation and the time zone by which its nights go."""

    org_id: int
    slug: str
    time_zone: str


def may_prune(connection: Connection) -> bool:
    """Whether nobody else is at it, until the transaction ends."""
    row = connection.execute(_SQL["may_prune"], {"space": _SPACE}).fetchone()
    return bool(row and row["may"])


def prune_forms(connection: Connection) -> int:
    """Forms of conclusions that no checkpoint asks for any more -> how many, AT_ONCE at most."""
    return connection.execute(_SQL["prune_forms"], {"limit": AT_ONCE}).rowcount


def prune_plan_changes(connection: Connection, before: datetime) -> int:
    """Changes of plans noted before a moment that every reader has read."""
    return connection.execute(_SQL["prune_plan_changes"], {"before": before, "limit": AT_ONCE}).rowcount


def prune_batches(connection: Connection, before: datetime) -> int:
    """The log of batches stored before a moment that every reader has read; their readings stay."""
    return connection.execute(_SQL["prune_batches"], {"before": before, "limit": AT_ONCE}).rowcount


def prune_messages(connection: Connection, before: datetime) -> int:
    """Messages written before a moment, with their log, but for those of alerts that are open and those yet to be sent."""
    rows = connection.execute(_SQL["prune_messages"], {"before": before, "limit": AT_ONCE}).fetchall()
    return connection.execute(_SQL["delete_messages"], {"numbers": [row["message_id"] for row in rows]}).rowcount if rows else 0


def prune_alerts(connection: Connection, before: datetime) -> int:
    """Alerts resolved before a moment, with all that was said and done; their events stay."""
    rows = connection.execute(_SQL["old_alerts"], {"before": before, "limit": AT_ONCE}).fetchall()
    numbers = {"numbers": [row["alert_id"] for row in rows]}
    if rows:
        for statement in (
            "delete_deliveries_of",
            "delete_messages_of",
            "delete_links_of",
            "delete_history_of",
            "delete_alerts",
        ):
            connection.execute(_SQL[statement], numbers)
    return len(rows)


def organisations(connection: Connection) -> list[NightOf]:
    """All of them."""
    return [NightOf(**row) for row in connection.execute(_SQL["organisations"])]


def take_task(connection: Connection, org_id: int, task: str, day: date, now: datetime) -> bool:
    """Whether a task of the night is ours to do: nobody has done it, or has begun within the last hour."""
    row = {"org_id": org_id, "task": task, "day": day, "now": now}
    return connection.execute(_SQL["take_task"], row).fetchone() is not None


def finish_task(connection: Connection, org_id: int, task: str, day: date, now: datetime, outcome: str) -> None:
    """Note that a task is done, and what came of it."""
    connection.execute(_SQL["finish_task"], {"org_id": org_id, "task": task, "day": day, "now": now, "outcome": outcome[:500]})
    connection.execute(_SQL["forget_tasks"], {"day": day})
