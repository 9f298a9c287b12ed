"""Alerts as people read them, and what people do about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, NotFoundError
from store.journal import AT_MOST, Place, place_of
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("inbox")


class Resolution(StrEnum):
    """How a person closes an alert."""

    confirmed = "confirmed"
    false = "false"


@dataclass(frozen=True, slots=True)
class InboxAlert:
    """An alert with the place and figures of its newest event."""

    org_id: int
    alert_id: int
    rule: str
    subject: str
    severity: str
    state: str
    vehicle_id: str
    device_id: int | None
    device_key: str | None
    trip_id: str | None
    stop_id: str | None
    event_id: str
    late: bool
    started_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    reopened_count: int
    escalation_level: int
    storm_id: int | None
    changed_at: datetime
    facts: Mapping[str, Any]
    place: Place | None


LISTING: Final = Listing(
    sorts={name: Identifier("alert", name) for name in ("opened_at", "started_at", "changed_at", "alert_id")},
    keys={name: Identifier("alert", name) for name in ("opened_at", "alert_id")},
    changed=SQL("alert.changed_at >= %(changed_since)s"),
    newest_first=True,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an alert's history; no `actor`: the system itself."""

    at: datetime
    actor: str | None
    action: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts to list; `None` lets all through. Times bound `opened_at`."""

    alert_id: int | None = None
    states: Sequence[str] | None = None
    rules: Sequence[str] | None = None
    severities: Sequence[str] | None = None
    vehicle_id: str | None = None
    trip_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_alerts(connection: Connection, wanted: AlertFilter, part: Part = FIRST) -> list[InboxAlert]:
    """Alerts, the last opened first unless `part` says otherwise."""
    end, values = ending(LISTING, part)
    parameters = {
        "alert_id": wanted.alert_id,
        "states": list(wanted.states) if wanted.states else None,
        "rules": list(wanted.rules) if wanted.rules else None,
        "severities": list(wanted.severities) if wanted.severities else None,
        "vehicle_id": wanted.vehicle_id,
        "trip_id": wanted.trip_id,
        "since": wanted.since,
        "until": wanted.until,
        **values,
    }
    return [_alert(row) for row in connection.execute(SQL(_SQL["list_alerts"]).format(part=end), parameters)]


def alert_numbered(connection: Connection, alert_id: int, *, lock: bool = False) -> InboxAlert:
    """One alert, with `lock` so that nobody else changes it meanwhile. Raises NotFoundError."""
    if lock:
        connection.execute(_SQL["lock_alert"], {"alert_id": alert_id})
    found = list_alerts(connection, AlertFilter(alert_id=alert_id), Part(limit=1))
    if not found:
        raise NotFoundError("alert", str(alert_id))
    return found[0]


def entries(connection: Connection, alert_id: int) -> list[Entry]:
    """What was done to an alert, oldest first."""
    return [Entry(**row) for row in connection.execute(_SQL["entries"], {"alert_id": alert_id})]


def changed_alerts(connection: Connection, since_mark: int) -> list[InboxAlert]:
    """Alerts changed by transaction `since_mark` or a later one."""
    rows = connection.execute(_SQL["changed_alerts"], {"mark": str(since_mark), "limit": AT_MOST})
    return [_alert(row) for row in rows]


def open_alerts_by_trip(connection: Connection, trip_ids: Sequence[str]) -> dict[str, int]:
    """How many unresolved alerts each of these trips has; those without any are left out."""
    rows = connection.execute(_SQL["open_alerts_by_trip"], {"trip_ids": list(trip_ids)})
    return {row["trip_id"]: row["alerts"] for row in rows}


def acknowledge(connection: Connection, alert_id: int, *, actor: str, note: str | None) -> InboxAlert:
    """Say that somebody looks after it. Raises NotFoundError, and ConflictError unless the alert is open."""
    _change(connection, "acknowledge", {"alert_id": alert_id, "actor": actor}, "acknowledged", note)
    return alert_numbered(connection, alert_id)


def resolve(connection: Connection, alert_id: int, *, actor: str, resolution: Resolution, reason: str | None) -> InboxAlert:
    """Close it as confirmed or false. Raises NotFoundError, and ConflictError when the alert is resolved already."""
    parameters = {"alert_id": alert_id, "actor": actor, "resolution": resolution.value, "reason": reason}
    _change(connection, "resolve", parameters, f"resolved.{resolution}", reason)
    return alert_numbered(connection, alert_id)


def reopen(connection: Connection, alert_id: int, *, actor: str, note: str | None) -> InboxAlert:
    """Take back that it was resolved; whoever does looks after it.

    Raises NotFoundError, and ConflictError when it is not resolved, or when another one of its kind is open.
    """
    _change(connection, "reopen", {"alert_id": alert_id, "actor": actor}, "reopened", note)
    return alert_numbered(connection, alert_id)


def _change(connection: Connection, statement: str, parameters: Mapping[str, Any], action: str, note: str | None) -> None:
    changed = connection.execute(_SQL[statement], parameters).fetchone()
    if changed is None:
        state = alert_numbered(connection, parameters["alert_id"]).state
        allowed = _ALLOWED[state]
        raise ConflictError(f"the alert is {state}: it can be {' or '.join(allowed) if allowed else 'changed no more'}")
    entry = {"org_id": changed["org_id"], "alert_id": parameters["alert_id"], "actor": parameters["actor"]}
    connection.execute(_SQL["note"], {**entry, "action": action, "note": note})
    connection.execute(_SQL["tell"], {"org_id": changed["org_id"]})


_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("acknowledged", "resolved"),
    "acknowledged": ("resolved",),
    "resolved": ("reopened",),
}

_PLAIN: Final = tuple(name for name in InboxAlert.__dataclass_fields__ if name != "place")


def _alert(row: Mapping[str, Any]) -> InboxAlert:
    return InboxAlert(**{name: row[name] for name in _PLAIN}, place=place_of(row))
