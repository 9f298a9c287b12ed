"""Tries a rule on past days: what it would have told. Nothing but the outcome is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.events import Event
from own_rules.context import ZoneBook, asks_for_zones, read_around
from own_rules.definition import Definition, check
from own_rules.judging import ActiveRule
from own_rules.language import compile_expression
from own_rules.series_judge import WARM_UP
from own_rules.vocabulary import Series
from own_rules.watching import Cost, Costs, Memory, watch
from store import own_rule_progress, own_rules
from store.pool import Connection

MOST_DAYS: Final = 28
MOST_READINGS: Final = 300_000
SAMPLES: Final = 100


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have told. Devices with a reading count; `is_whole`: all of them were tried, and not the first ones."""

    since: datetime
    until: datetime
    readings: int
    devices: int
    devices_tried: int
    device_days: int
    events: list[Event]
    unknown: int
    faults: dict[str, int]
    mean_ms: float

    @property
    def is_whole(self) -> bool:
        """Whether every device was tried."""
        return self.devices_tried == self.devices


def try_rule(
    connection: Connection, org_id: int, rule_id: str, definition: Definition, since: datetime, until: datetime
) -> Trial:
    """Judge what is stored from `since` until `until`, MOST_READINGS at most, a device at a time.

    Raises InvalidInputError for a definition that cannot be a rule.
    """
    check(definition)
    program = compile_expression(definition.expression, definition.series)
    rule = ActiveRule(rule_id, 0, definition, program, since)
    zones = ZoneBook()
    wants_zones = definition.series is Series.position and asks_for_zones([rule])
    places = zones.places(connection, org_id, since - WARM_UP) if wants_zones else None
    clock = own_rules.time_zone(connection, org_id)
    keys = own_rules.active_devices(connection, org_id)
    costs: Costs = {}
    events: list[Event] = []
    readings = tried = device_days = 0
    for number, key in keys.items():
        if readings >= MOST_READINGS:
            break
        tried += 1
        said = own_rule_progress.readings_after(
            connection, definition.series, {number: since - WARM_UP}, until, cursor=None, limit=MOST_READINGS
        ).get(number, [])
        if not said:
            continue
        around = read_around(connection, org_id, [number], (since - WARM_UP, until), clock, places)
        events += watch((number, key), [rule], said, around, Memory(), costs).values()
        readings += len(said)
        device_days += len({row["at"].date() for row in said if row["at"] >= since})
    cost = costs.get(rule_id, Cost())
    return Trial(
        since,
        until,
        readings,
        len(keys),
        tried,
        device_days,
        sorted(events, key=_begin),
        cost.unknown,
        dict(cost.faults),
        cost.mean_s * 1000,
    )


def summary(trial: Trial) -> dict[str, Any]:
    """A trial in the terms of JSON, with the first events as samples."""
    by_device: dict[str, int] = {}
    for event in trial.events:
        by_device[event.device_id] = by_device.get(event.device_id, 0) + 1
    return {
        "since": trial.since.isoformat(),
        "until": trial.until.isoformat(),
        "readings": trial.readings,
        "devices": trial.devices,
        "devices_tried": trial.devices_tried,
        "device_days": trial.device_days,
        "events": len(trial.events),
        "events_per_device_day": round(len(trial.events) / trial.device_days, 3) if trial.device_days else None,
        "by_device": dict(sorted(by_device.items(), key=lambda one: (-one[1], one[0]))[:SAMPLES]),
        "unknown": trial.unknown,
        "faults": trial.faults,
        "mean_ms": round(trial.mean_ms, 4),
        "samples": [_sample(event) for event in trial.events[:SAMPLES]],
    }


def period(days: int, now: datetime) -> tuple[datetime, datetime]:
    """The last so many days."""
    return now - timedelta(days=days), now


def _sample(event: Event) -> Mapping[str, Any]:
    shown = {name: value for name, value in event.facts.items() if name not in {"name", "expression", "version"}}
    return {
        "device": event.device_id,
        "trip_id": event.trip_id,
        "started_at": event.started_at.isoformat(),
        "ended_at": event.ended_at.isoformat() if event.ended_at else None,
        "facts": shown,
    }


def _begin(event: Event) -> tuple[datetime, str]:
    return event.started_at, event.device_id
