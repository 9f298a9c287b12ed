"""Events for the tests of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import Event, Severity
from store.conclusions import Judged, put_events
from store.pool import Connection

DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def occurrence(event_id: str = "e1", rule: str = "route_deviation", **changes: Any) -> Event:
    """A lasting event of medium severity on trip t1 of van-1."""
    facts = {"trip_id": "t1", "stop_id": None, "started_at": DAY, "ended_at": None, "detected_at": DAY + MINUTE, **changes}
    severity = facts.pop("severity", Severity.medium)
    return Event(event_id, rule, severity, facts.pop("device_id", "van-1"), confidence=0.9, **facts)


def register(connection: Connection, *keys: str) -> dict[str, Judged]:
    """Register devices in organisation 1, by key."""
    found = {}
    for key in keys:
        row = connection.execute(
            "INSERT INTO device (org_id, device_key) VALUES (1, %s) ON CONFLICT (org_id, device_key) "
            "DO UPDATE SET device_key = excluded.device_key RETURNING device_id",
            (key,),
        ).fetchone()
        assert row is not None
        found[key] = Judged(row["device_id"], 1, key)
    return found


def conclude(connection: Connection, *events: Event) -> None:
    """Store events in a transaction of their own."""
    with connection.transaction():
        put_events(connection, register(connection, *{event.device_id for event in events}), events)
