"""Writes the messages that a change of an alert is worth, and groups what comes in storms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.letters import alert_body, storm_body
from alerts.routing import channels_of, routed, send_at
from alerts.territories import Territories
from domain.alerts import Alert
from domain.events import Event, Severity
from domain.recipients import Letter, Recipient
from store.alerts import Handover, burst
from store.outbox import post
from store.pool import Connection
from store.recipients import off_duty, recipients


@dataclass(frozen=True, slots=True)
class Paging:
    """Whom to tell where nobody is named, when many alerts are one storm, and how long to wait for an acknowledgement."""

    fallback: tuple[Recipient, ...] = (Recipient("duty", "log"),)
    storm_from: int = 6
    storm_within: timedelta = timedelta(minutes=5)
    escalate_after: tuple[tuple[Severity, timedelta], ...] = (
        (Severity.critical, timedelta(minutes=5)),
        (Severity.high, timedelta(minutes=15)),
        (Severity.medium, timedelta(minutes=60)),
    )
    most_escalations: int = 6

    def patience(self, severity: Severity) -> timedelta | None:
        """For how long an alert may stay unacknowledged; None: for ever."""
        return dict(self.escalate_after).get(severity)


@dataclass(slots=True)
class _Burst:
    count: int  # alerts of one rule opened of late
    head_id: int  # the first of them, 0 when that is not stored yet


class Pager:
    """Pages within one transaction, at one moment; it remembers whom to tell, and how many alerts there have been of late."""

    def __init__(self, connection: Connection, paging: Paging, now: datetime) -> None:
        self._connection = connection
        self._paging = paging
        self._now = now
        self._bursts: dict[tuple[int, str], _Burst] = {}
        self._people: dict[int, tuple[list[Recipient], frozenset[str]]] = {}
        self._territories = Territories(connection)
        self._letters: list[Letter] = []

    def prepare(self, alert: Alert, stage: str) -> Alert:
        """The alert about to be told of, with the moment of its escalation and with the storm that a new one is part of."""
        patience = self._paging.patience(alert.severity)
        waiting = replace(alert, escalate_at=self._now + patience if patience else None)
        if stage != "opened":
            return waiting
        storm = self._burst_of(alert)
        storm.count += 1
        return replace(waiting, storm_id=storm.head_id) if storm.count >= self._paging.storm_from else waiting

    def tell(self, alert: Alert, event: Event, stage: str) -> None:
        """Write the messages about a prepared alert; `post` sends them off."""
        if stage != "opened":
            self._post(alert, event, alert_body(alert, event, stage), stage)
            return
        storm = self._burst_of(alert)
        storm.head_id = storm.head_id or alert.alert_id
        if storm.count < self._paging.storm_from:
            self._post(alert, event, alert_body(alert, event, stage), stage)
            return
        doublings = _doublings(storm.count, self._paging.storm_from)
        if doublings is not None:
            body = storm_body(alert, event, storm.count, self._paging.storm_within.total_seconds())
            self._post(replace(alert, alert_id=storm.head_id), event, body, f"storm.{doublings}")

    def hand_over(self, handover: Handover, event: Event) -> None:
        """Write to whoever is to look after an alert now, on their own channels, whatever its severity and the rota."""
        alert, stage = handover.alert, f"assigned.{self._now:%Y%m%dT%H%M%S%f}"
        cells = channels_of(recipients(self._connection, alert.key.org_id), handover.assignee, alert.key.rule)
        body = {**alert_body(alert, event, stage), "assigned_by": handover.assigned_by}
        self._write(alert, cells, body, stage)

    def post(self) -> None:
        """Put what was written in the outbox, once the alerts that it is about are stored."""
        post(self._connection, self._letters, self._now)
        self._letters = []

    def _burst_of(self, alert: Alert) -> _Burst:
        key = (alert.key.org_id, alert.key.rule)
        if key not in self._bursts:
            self._bursts[key] = _Burst(*burst(self._connection, *key, self._now - self._paging.storm_within))
        return self._bursts[key]

    def _post(self, alert: Alert, event: Event, body: dict[str, object], stage: str) -> None:
        self._write(alert, self._wanted(alert, event), body, stage)

    def _write(self, alert: Alert, cells: Iterable[Recipient], body: dict[str, object], stage: str) -> None:
        self._letters += [
            Letter(
                alert.key.org_id,
                alert.alert_id,
                stage,
                cell.person,
                cell.channel,
                cell.address,
                body,
                send_at(cell, alert.severity, self._now),
            )
            for cell in cells
        ]

    def _wanted(self, alert: Alert, event: Event) -> list[Recipient]:
        org_id = alert.key.org_id
        if org_id not in self._people:
            cells = recipients(self._connection, org_id)
            if all(cell.channel == "push" for cell in cells):  # a browser is somebody's own wish, and names nobody
                cells = [*self._paging.fallback, *cells]
            self._people[org_id] = (cells, off_duty(self._connection, org_id, self._now))
        cells, away = self._people[org_id]
        is_territorial = any(cell.territory is not None for cell in cells)
        around = self._territories.of(org_id, event.event_id) if is_territorial else frozenset()
        return routed(cells, alert.key.rule, alert.severity, level=alert.escalation_level, off_duty=away, territories=around)


def _doublings(count: int, least: int) -> int | None:
    """How often `least` was doubled to make `count`: a growing storm is told of again only when it is twice as large."""
    times, size = 0, least
    while size < count:
        times, size = times + 1, size * 2
    return times if size == count else None
