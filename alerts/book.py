"""All alerts that a step concerns, read at once, changed in memory and written at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from alerts.life_cycle import Change, Context, Link, Standing, Told, key_of, standing_of
from domain.alerts import Alert, AlertKey, AlertState
from store.alerts import (
    EventLink,
    Line,
    alerts_of_keys,
    insert_alerts,
    link_events,
    linked_alerts,
    next_numbers,
    note,
    standings,
    update_alerts,
)
from store.pool import Connection

_NUMBERS: Final = 100


class Book:
    """Within one transaction: what it reads stays locked until that ends."""

    def __init__(self, connection: Connection, told: Sequence[Told]) -> None:
        self._connection = connection
        linked = linked_alerts(connection, [(one.org_id, one.event.event_id) for one in told])
        keyed = alerts_of_keys(connection, {key_of(one) for one in told})
        self._alerts: dict[int, Alert] = {alert.alert_id: alert for alert in (*linked.values(), *keyed)}
        self._gatherer = {event: alert.alert_id for event, alert in linked.items()}
        self._current: dict[AlertKey, int] = {}
        self._latest: dict[AlertKey, int] = {}
        for alert in keyed:
            (self._latest if alert.state is AlertState.resolved else self._current)[alert.key] = alert.alert_id
        self._links = standings(connection, self._alerts)
        self._numbers: list[int] = []
        self._new: set[int] = set()
        self._changed: set[int] = set()
        self._lines: list[Line] = []
        self._linked: dict[tuple[int, str], EventLink] = {}

    def context(self, told: Told) -> Context:
        """What is known that an event may concern."""
        linked = self._gatherer.get((told.org_id, told.event.event_id))
        current, latest = self._current.get(key_of(told)), self._latest.get(key_of(told))
        gatherer = linked or current or latest
        links = self._links.get(gatherer, {}) if gatherer else {}
        return Context(
            self._find(linked),
            self._find(current),
            self._find(latest),
            tuple(Link(event_id, Standing(name)) for event_id, name in links.items()),
        )

    def keep(self, alert: Alert) -> Alert:
        """The alert as it is from now on, with a number."""
        if not alert.alert_id:
            alert = replace(alert, alert_id=self._number())
            self._new.add(alert.alert_id)
        self._alerts[alert.alert_id] = alert
        self._changed.add(alert.alert_id)
        here, there = self._current, self._latest
        if alert.state is AlertState.resolved:
            here, there = there, here
        here[alert.key] = alert.alert_id
        if there.get(alert.key) == alert.alert_id:
            del there[alert.key]
        return alert

    def note(self, alert: Alert, change: Change) -> None:
        """Add a line to its history."""
        self._lines.append(Line(alert, change.action, change.note))

    def link(self, alert: Alert, told: Told) -> None:
        """Let it gather an event, or say how that stands now."""
        event, standing = (told.org_id, told.event.event_id), standing_of(told).value
        self._gatherer.setdefault(event, alert.alert_id)
        gatherer = self._alerts[self._gatherer[event]]
        self._links.setdefault(gatherer.alert_id, {})[event[1]] = standing
        self._linked[event] = EventLink(gatherer, event[1], standing)

    def write(self, now: datetime) -> None:
        """Store all of it."""
        update_alerts(self._connection, self._those(self._changed - self._new), now)
        insert_alerts(self._connection, self._those(self._new), now)
        note(self._connection, self._lines, now)
        link_events(self._connection, self._linked.values(), now)

    def _those(self, numbers: Iterable[int]) -> list[Alert]:
        return [self._alerts[number] for number in sorted(numbers)]

    def _find(self, number: int | None) -> Alert | None:
        return None if number is None else self._alerts[number]

    def _number(self) -> int:
        if not self._numbers:
            self._numbers = next_numbers(self._connection, _NUMBERS)[::-1]
        return self._numbers.pop()
