"""Follows the log of changed events and lets each make of the alerts what it makes of them, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from alerts.life_cycle import Change, Context, Link, Policy, Standing, Told, decide, key_of, standing_of
from alerts.paging import Pager, Paging
from alerts.risk import reassess
from domain.alerts import Alert, AlertState
from store.alerts import (
    alerts_of_key,
    events_after,
    link_event,
    linked_alert,
    move_cursor,
    note,
    read_cursor,
    save_alert,
    standings,
    tell_alerted,
)
from store.pool import Connection

EVENTS_A_STEP: Final = 200


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What is an alert, and who hears of it."""

    policy: Policy = field(default_factory=Policy)
    paging: Paging = field(default_factory=Paging)


def follow(connection: Connection, rulebook: Rulebook, now: datetime) -> int:
    """Take in the next changed events within the caller's transaction; returns how many there were."""
    changed = events_after(connection, read_cursor(connection), limit=EVENTS_A_STEP)
    pager = Pager(connection, rulebook.paging, now)
    for item in changed:
        told = Told(item.org_id, item.device_id, item.event, item.overturned_because)
        take_in(connection, told, rulebook.policy, pager, now)
    if changed:
        reassess(connection, changed, now)
        move_cursor(connection, changed[-1].cursor)
        tell_alerted(connection, {item.org_id for item in changed})
    return len(changed)


def take_in(connection: Connection, told: Told, policy: Policy, pager: Pager, now: datetime) -> None:
    """Let one event change alerts and page people."""
    context = _context(connection, told)
    changes = decide(told, context, policy, now)
    alert = context.linked
    for change in changes:
        alert = _store(connection, replace(change, alert=_numbered(change.alert, alert)), told, pager, now)
    if alert is not None:
        link_event(connection, alert, told.event.event_id, standing_of(told))


def _context(connection: Connection, told: Told) -> Context:
    linked = linked_alert(connection, told.org_id, told.event.event_id)
    current, latest = alerts_of_key(connection, key_of(told))
    gatherer = linked or current or latest
    links = standings(connection, gatherer.alert_id) if gatherer else {}
    return Context(linked, current, latest, tuple(Link(event_id, Standing(name)) for event_id, name in links.items()))


def _numbered(alert: Alert, stored: Alert | None) -> Alert:
    """A new alert that changes twice at once has its number from the first time."""
    return replace(alert, alert_id=stored.alert_id) if stored and not alert.alert_id else alert


def _store(connection: Connection, change: Change, told: Told, pager: Pager, now: datetime) -> Alert:
    alert, stage = change.alert, _stage(change)
    is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
    is_paged = change.page is not None and not is_snoozed
    if is_paged:
        prepared = pager.prepare(alert, stage)
        # Where somebody looks after it already, nothing escalates.
        alert = prepared if alert.state is AlertState.open else replace(prepared, escalate_at=None)
    alert = save_alert(connection, alert, now)
    note(connection, alert, now, change.action, change.note)
    if is_paged:
        pager.tell(alert, told.event, stage)
    return alert


def _stage(change: Change) -> str:
    """Which telling of the alert this is: the same one is told once."""
    if change.action == "reopened":
        return f"reopened.{change.alert.reopened_count}"
    return change.action if change.action.startswith("raised") else "opened"
