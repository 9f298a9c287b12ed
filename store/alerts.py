"""Alerts with the events they gathered, and how far the log of events has been read for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from domain.alerts import Alert, AlertKey, AlertState, Resolution
from domain.errors import ConflictError, NotFoundError
from domain.events import Event, Severity
from store.event_rows import read_event
from store.pool import Connection
from store.statements import statements
from store.storable import storable

_SQL: Final = statements("alerts")
_SPACE: Final = 0x616C7274  # of advisory locks


class EventCursor(NamedTuple):
    """A place in the log of changed events."""

    change_xid: int
    change_no: int


class ChangedEvent(NamedTuple):
    """An event in its present form, and its place in the log."""

    cursor: EventCursor
    org_id: int
    device_id: int
    event: Event
    overturned_because: str | None


def try_to_lead(connection: Connection) -> bool:
    """Become the one session that follows the events, for as long as it lives."""
    row = connection.execute(_SQL["lead"], {"space": _SPACE}).fetchone()
    return bool(row and row["leads"])


def read_cursor(connection: Connection) -> EventCursor:
    """How far the events have been read."""
    row = connection.execute(_SQL["cursor"]).fetchone()
    assert row is not None  # its migration inserts the row
    return EventCursor(row["change_xid"], row["change_no"])


def move_cursor(connection: Connection, cursor: EventCursor) -> None:
    """Store how far the events have been read."""
    connection.execute(_SQL["move_cursor"], cursor._asdict())


def events_after(connection: Connection, cursor: EventCursor, *, limit: int) -> list[ChangedEvent]:
    """Events that changed after `cursor`, in order; only what nothing can still appear before."""
    rows = connection.execute(_SQL["events_after"], {**cursor._asdict(), "change_xid": str(cursor.change_xid), "limit": limit})
    return [
        ChangedEvent(
            EventCursor(row["xid"], row["change_no"]),
            row["org_id"],
            row["device_id"],
            read_event(row),
            row["superseded_because"],
        )
        for row in rows
    ]


def linked_alerts(connection: Connection, events: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Alert]:
    """By organisation and event, the alert that has gathered it; all locked."""
    wanted = {"org_ids": [org_id for org_id, _ in events], "event_ids": [event_id for _, event_id in events]}
    rows = connection.execute(_SQL["linked_alerts"], wanted)
    return {(row["org_id"], row["linked_event_id"]): _alert(row) for row in rows}


def alerts_of_keys(connection: Connection, keys: Collection[AlertKey]) -> list[Alert]:
    """Of each key the alert that is not resolved, and the one that was resolved last; all locked."""
    columns = zip(*((key.org_id, key.rule, key.subject, key.trip_id) for key in keys), strict=True) if keys else [()] * 4
    names = ("org_ids", "rules", "subjects", "trip_ids")
    wanted = {name: list(column) for name, column in zip(names, columns, strict=True)}
    return [_alert(row) for row in connection.execute(_SQL["alerts_of_keys"], wanted)]


def standings(connection: Connection, alert_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """By alert, how each event that it has gathered stands."""
    found: dict[int, dict[str, str]] = {alert_id: {} for alert_id in alert_ids}
    for row in connection.execute(_SQL["links"], {"alert_ids": list(alert_ids)}):
        found[row["alert_id"]][row["event_id"]] = row["standing"]
    return found


def next_numbers(connection: Connection, count: int) -> list[int]:
    """Numbers for new alerts."""
    return [row["alert_id"] for row in connection.execute(_SQL["next_numbers"], {"count": count})]


class Line(NamedTuple):
    """A line of an alert's history; no actor: the system itself."""

    alert: Alert
    action: str
    text: str | None = None
    actor: str | None = None


class EventLink(NamedTuple):
    """An event that an alert has gathered, and how it stands."""

    alert: Alert
    event_id: str
    standing: str


def insert_alerts(connection: Connection, alerts: Iterable[Alert], now: datetime) -> None:
    """Store new alerts under the numbers that they have."""
    _at_once(connection, "insert_alerts", map(_alert_row, alerts), now)


def update_alerts(connection: Connection, alerts: Iterable[Alert], now: datetime) -> None:
    """Store what became of alerts."""
    _at_once(connection, "update_alerts", map(_alert_row, alerts), now)


def link_events(connection: Connection, links: Iterable[EventLink], now: datetime) -> None:
    """Let alerts gather events, or say how gathered events stand now."""
    rows = (
        {"org_id": alert.key.org_id, "alert_id": alert.alert_id, "event_id": event_id, "standing": standing}
        for alert, event_id, standing in links
    )
    _at_once(connection, "link_events", rows, now)


def note(connection: Connection, lines: Iterable[Line], now: datetime) -> None:
    """Add lines to the history of alerts."""
    rows = (
        {
            "org_id": line.alert.key.org_id,
            "alert_id": line.alert.alert_id,
            "actor": line.actor,
            "action": line.action,
            "note": line.text,
        }
        for line in lines
    )
    _at_once(connection, "note", rows, now)


def _at_once(connection: Connection, statement: str, rows: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """All rows in one statement."""
    given = [storable(row) for row in rows]
    if given:
        connection.execute(_SQL[statement], {"rows": Jsonb(given), "now": now})


def tell_alerted(connection: Connection, org_ids: Iterable[int]) -> None:
    """Notify those who show alerts when the transaction commits."""
    connection.execute(_SQL["tell_alerted"], {"org_ids": list(org_ids)})


def burst(connection: Connection, org_id: int, rule: str, since: datetime) -> tuple[int, int]:
    """How many alerts of a rule were opened after `since`, late ones apart, and the number of the first."""
    row = connection.execute(_SQL["burst"], {"org_id": org_id, "rule": rule, "since": since}).fetchone()
    return (row["alerts"], row["first_id"] or 0) if row else (0, 0)


def day_counts(connection: Connection, org_id: int, since: datetime, until: datetime) -> dict[str, dict[str, int]]:
    """By rule, of the alerts opened from `since` until `until`: opened, still open, confirmed, false. Superseded ones apart."""
    rows = connection.execute(_SQL["day_counts"], {"org_id": org_id, "since": since, "until": until}).fetchall()
    return {row.pop("rule"): dict(row) for row in rows}


def alerts_to_escalate(connection: Connection, now: datetime, *, limit: int = 100) -> list[Alert]:
    """Open alerts that nobody acknowledged in time, locked."""
    return [_alert(row) for row in connection.execute(_SQL["alerts_to_escalate"], {"now": now, "limit": limit})]


def alerts_to_wake(connection: Connection, now: datetime, *, limit: int = 100) -> list[Alert]:
    """Alerts whose snooze is over, locked."""
    return [_alert(row) for row in connection.execute(_SQL["alerts_to_wake"], {"now": now, "limit": limit})]


class Handover(NamedTuple):
    """An alert that somebody is to look after, and who said so."""

    alert: Alert
    assignee: str
    assigned_by: str


def alerts_to_hand_over(connection: Connection, *, limit: int = 100) -> list[Handover]:
    """Alerts whose new assignee was not told yet, locked; with this they count as told."""
    rows = connection.execute(_SQL["alerts_to_hand_over"], {"limit": limit}).fetchall()
    if rows:
        connection.execute(_SQL["handed_over"], {"alert_ids": [row["alert_id"] for row in rows]})
    return [
        Handover(_alert(row), row["assigned_to"], row["assigned_by"])
        for row in rows
        if row["assigned_to"] is not None and row["state"] != AlertState.resolved
    ]


def event_of(connection: Connection, alert: Alert) -> Event:
    """The newest event of the alert."""
    row = connection.execute(_SQL["event"], {"org_id": alert.key.org_id, "event_id": alert.event_id}).fetchone()
    if row is None:
        raise NotFoundError("event", alert.event_id)
    return read_event(row)


def assign(connection: Connection, alert_id: int, *, assignee: str | None, actor: str, now: datetime) -> None:
    """Say who is to look after it; another than the actor is told. Raises NotFoundError and, when resolved, ConflictError."""
    is_news = assignee is not None and assignee != actor
    changes = {"assigned_to": assignee, "assigned_by": actor, "assignment_due": is_news}
    _act(connection, alert_id, changes, ("assigned", assignee), actor, now)


def snooze(connection: Connection, alert_id: int, *, until: datetime, actor: str, now: datetime) -> None:
    """Let nobody be paged for it until then. Raises NotFoundError, and ConflictError when resolved or `until` has passed."""
    if until <= now:
        raise ConflictError("an alert can only be snoozed until a moment to come")
    changes = {"snoozed_until": until, "escalate_at": None}
    _act(connection, alert_id, changes, ("snoozed", f"until {until.isoformat()}"), actor, now)


def comment(connection: Connection, alert_id: int, *, text: str, actor: str, now: datetime) -> None:
    """Add a remark to its history. Raises NotFoundError."""
    row = _locked(connection, alert_id)
    note(connection, [Line(_alert(row), "commented", text, actor)], now)
    tell_alerted(connection, [row["org_id"]])


def _act(
    connection: Connection, alert_id: int, changes: Mapping[str, Any], entry: tuple[str, str | None], actor: str, now: datetime
) -> None:
    row = _locked(connection, alert_id)
    if row["state"] == AlertState.resolved:
        raise ConflictError("the alert is resolved: it can be changed no more")
    kept = {name: row[name] for name in ("assigned_to", "assigned_by", "assignment_due", "snoozed_until", "escalate_at")}
    connection.execute(_SQL["act"], {**kept, **changes, "alert_id": alert_id, "now": now})
    note(connection, [Line(_alert(row), *entry, actor)], now)
    tell_alerted(connection, [row["org_id"]])


def _locked(connection: Connection, alert_id: int) -> DictRow:
    row = connection.execute(_SQL["lock_alert"], {"alert_id": alert_id}).fetchone()
    if row is None:
        raise NotFoundError("alert", str(alert_id))
    return row


def _key_row(key: AlertKey) -> dict[str, Any]:
    return {"org_id": key.org_id, "rule": key.rule, "subject": key.subject, "trip_id": key.trip_id}


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        **_key_row(alert.key),
        "alert_id": alert.alert_id,
        "stop_id": alert.stop_id,
        "device_id": alert.device_id,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "late": alert.late,
        "event_id": alert.event_id,
        "started_at": alert.started_at,
        "opened_at": alert.opened_at,
        "resolved_at": alert.resolved_at,
        "resolved_by": alert.resolved_by,
        "resolution": alert.resolution and alert.resolution.value,
        "reason": alert.reason,
        "reopened_count": alert.reopened_count,
        "escalation_level": alert.escalation_level,
        "escalate_at": alert.escalate_at,
        "snoozed_until": alert.snoozed_until,
        "storm_id": alert.storm_id,
    }


def _alert(row: DictRow) -> Alert:
    return Alert(
        alert_id=row["alert_id"],
        key=AlertKey(row["org_id"], row["rule"], row["subject"], row["trip_id"]),
        stop_id=row["stop_id"],
        device_id=row["device_id"],
        severity=Severity(row["severity"]),
        state=AlertState(row["state"]),
        late=row["late"],
        event_id=row["event_id"],
        started_at=row["started_at"],
        opened_at=row["opened_at"],
        resolved_at=row["resolved_at"],
        resolved_by=row["resolved_by"],
        resolution=Resolution(row["resolution"]) if row["resolution"] else None,
        reason=row["reason"],
        reopened_count=row["reopened_count"],
        escalation_level=row["escalation_level"],
        escalate_at=row["escalate_at"],
        snoozed_until=row["snoozed_until"],
        storm_id=row["storm_id"],
    )
