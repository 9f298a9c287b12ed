"""Follows the log of changed events and lets each make of the alerts what it makes of them, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from alerts.book import Book
from alerts.life_cycle import Change, Policy, Told, decide
from alerts.paging import Pager, Paging
from alerts.risk import reassess
from domain.alerts import Alert, AlertState
from store.alerts import events_after, move_cursor, read_cursor, tell_alerted
from store.pool import Connection

EVENTS_A_STEP: Final = 500


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What is an alert, and who hears of it."""

    policy: Policy = field(default_factory=Policy)
    paging: Paging = field(default_factory=Paging)


def follow(connection: Connection, rulebook: Rulebook, now: datetime) -> int:
    """Take in the next changed events within the caller's transaction; returns how many there were."""
    changed = events_after(connection, read_cursor(connection), limit=EVENTS_A_STEP)
    if changed:
        told = [Told(item.org_id, item.device_id, item.event, item.overturned_because) for item in changed]
        take_in(connection, told, rulebook, now)
        reassess(connection, changed, now)
        move_cursor(connection, changed[-1].cursor)
        tell_alerted(connection, {item.org_id for item in changed})
    return len(changed)


def take_in(connection: Connection, told: Sequence[Told], rulebook: Rulebook, now: datetime) -> None:
    """Let events, one after the other, change alerts and page people."""
    book = Book(connection, told)
    pager = Pager(connection, rulebook.paging, now)
    for one in told:
        _take_in(book, one, rulebook.policy, pager, now)
    book.write(now)
    pager.post()


def _take_in(book: Book, told: Told, policy: Policy, pager: Pager, now: datetime) -> None:
    context = book.context(told)
    alert = context.linked
    for change in decide(told, context, policy, now):
        alert = _change(book, replace(change, alert=_numbered(change.alert, alert)), told, pager, now)
    if alert is not None:
        book.link(alert, told)


def _numbered(alert: Alert, stored: Alert | None) -> Alert:
    """A new alert that changes twice at once has its number from the first time."""
    return replace(alert, alert_id=stored.alert_id) if stored and not alert.alert_id else alert


def _change(book: Book, change: Change, told: Told, pager: Pager, now: datetime) -> Alert:
    alert, stage = change.alert, _stage(change)
    is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
    is_paged = change.page is not None and not is_snoozed
    if is_paged:
        prepared = pager.prepare(alert, stage)
        # Where somebody looks after it already, nothing escalates.
        alert = prepared if alert.state is AlertState.open else replace(prepared, escalate_at=None)
    alert = book.keep(alert)
    book.note(alert, change)
    if is_paged:
        pager.tell(alert, told.event, stage)
    return alert


def _stage(change: Change) -> str:
    """Which telling of the alert this is: the same one is told once."""
    if change.action == "reopened":
        return f"reopened.{change.alert.reopened_count}"
    return change.action if change.action.startswith("raised") else "opened"
