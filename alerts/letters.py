"""What a message says: the same members on every channel, with a line for people in `text`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from domain.alerts import Alert
from domain.events import Event
from domain.wording import title


def alert_body(alert: Alert, event: Event, stage: str) -> dict[str, object]:
    """An alert with the event that is its newest."""
    return {
        "kind": "alert",
        "stage": stage,
        "alert_id": alert.alert_id,
        "rule": alert.key.rule,
        "severity": alert.severity.value,
        "subject": alert.key.subject,
        "trip_id": alert.key.trip_id,
        "stop_id": alert.stop_id,
        "device_id": event.device_id,
        "started_at": event.started_at,
        "detected_at": event.detected_at,
        "opened_at": alert.opened_at,
        "facts": dict(event.facts),
        "text": sentence(alert, event, stage),
    }


def storm_body(alert: Alert, event: Event, count: int, within_s: float) -> dict[str, object]:
    """Many alerts of one rule at once, which is another piece of news than each of them."""
    what = title(alert.key.rule).lower()
    text = f"{count} alerts of {what} within {within_s / 60:.0f} min: is it one cause, such as the network?"
    return {**alert_body(alert, event, "storm"), "kind": "storm", "count": count, "text": text}


def digest_body(day: datetime, counts: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
    """A day's alerts, by rule and then by what became of them."""
    opened = sum(by_state.get("opened", 0) for by_state in counts.values())
    still_open = sum(by_state.get("open", 0) for by_state in counts.values())
    lines = [
        f"{title(rule)}: {', '.join(f'{count} {what}' for what, count in sorted(by_state.items()) if count)}"
        for rule, by_state in sorted(counts.items())
    ]
    text = "\n".join([f"{day:%A %d %B}: {opened} alerts, {still_open} still open.", *lines])
    return {"kind": "digest", "day": f"{day:%Y-%m-%d}", "rules": {rule: dict(by) for rule, by in counts.items()}, "text": text}


def sentence(alert: Alert, event: Event, stage: str) -> str:
    """One line for people."""
    prefix = {
        "reopened": "Again: ",
        "raised": "Worse: ",
        "escalated": "Still nobody looks after: ",
        "woken": "Reminder: ",
        "assigned": "For you: ",
    }
    where = f" at stop {alert.stop_id}" if alert.stop_id else ""
    trip = f" on trip {alert.key.trip_id}" if alert.key.trip_id else ""
    said = title(alert.key.rule) + f" ({alert.severity}), {event.device_id}{trip}{where}, since {event.started_at:%H:%M} UTC"
    return prefix.get(stage.partition(".")[0], "") + said


def as_people_say(body: Mapping[str, Any], vehicle_id: str | None, zone: tzinfo) -> dict[str, Any]:
    """The same with the van in place of its tracker's number, and the time of day by the clock of `zone`."""
    text, device_id, began = (str(body.get(name, "")) for name in ("text", "device_id", "started_at"))
    if vehicle_id and device_id:
        text = text.replace(f", {device_id}", f", {vehicle_id}", 1)
    if began:
        at = datetime.fromisoformat(began).astimezone(zone)
        text = text.replace(f"since {at.astimezone(UTC):%H:%M} UTC", f"since {at:%H:%M} {at.tzname()}")
    return {**body, "text": text} | ({"vehicle_id": vehicle_id} if vehicle_id else {})


def text_of(body: Mapping[str, Any]) -> str:
    """The line for people."""
    return str(body.get("text", ""))
