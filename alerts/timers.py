"""What time does to alerts: nobody acknowledged, a snooze is over, a day has ended. The time is an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.paging import Pager, Paging
from domain.alerts import Alert
from domain.events import Event
from store.alerts import (
    Line,
    alerts_to_escalate,
    alerts_to_hand_over,
    alerts_to_wake,
    event_of,
    note,
    tell_alerted,
    update_alerts,
)
from store.pool import Connection


def escalate(connection: Connection, paging: Paging, now: datetime) -> int:
    """Tell the next level, and those told before once more, of alerts that nobody acknowledged; returns of how many."""
    due = alerts_to_escalate(connection, now)
    for alert in due:
        level = alert.escalation_level + 1
        if level > paging.most_escalations:
            update_alerts(connection, [replace(alert, escalate_at=None)], now)
            continue
        _page_again(connection, replace(alert, escalation_level=level), f"escalated.{level}", paging, now)
    return len(due)


def wake(connection: Connection, paging: Paging, now: datetime) -> int:
    """Remind of alerts whose snooze is over; returns of how many."""
    due = alerts_to_wake(connection, now)
    for alert in due:
        stage = f"woken.{alert.snoozed_until:%Y%m%dT%H%M%S}"
        _page_again(connection, replace(alert, snoozed_until=None), stage, paging, now)
    return len(due)


def hand_over(connection: Connection, paging: Paging, now: datetime) -> int:
    """Tell people which alerts they are to look after from now on; returns how many alerts."""
    handed = alerts_to_hand_over(connection)
    pager = Pager(connection, paging, now)
    for handover in handed:
        pager.hand_over(handover, event_of(connection, handover.alert))
    pager.post()
    return len(handed)


def _page_again(connection: Connection, alert: Alert, stage: str, paging: Paging, now: datetime) -> None:
    event: Event = event_of(connection, alert)
    pager = Pager(connection, paging, now)
    waiting = pager.prepare(alert, stage)
    update_alerts(connection, [waiting], now)
    pager.tell(waiting, event, stage)
    pager.post()
    note(connection, [Line(waiting, stage.partition(".")[0])], now)
    tell_alerted(connection, [alert.key.org_id])
