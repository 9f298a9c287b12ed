"""All rules over the readings of one device: what they conclude, what it cost, and what went wrong."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.events import Event, Severity
from own_rules.facts import Around, Motion, Row, readings
from own_rules.hours import is_open
from own_rules.judging import ActiveRule, Reading, Standing, end, step
from own_rules.language import EvaluationError


@dataclass(slots=True)
class Memory:
    """What is remembered of a device between readings."""

    motion: Motion = field(default_factory=Motion)
    rules: dict[str, Standing] = field(default_factory=dict)

    def going_on(self) -> list[Event]:
        """Events that have not ended."""
        return [standing.event for standing in self.rules.values() if standing.event is not None]


@dataclass(slots=True)
class Cost:
    """What a rule's expression cost, and how it went."""

    evaluations: int = 0
    processor_s: float = 0.0
    unknown: int = 0
    faults: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def mean_s(self) -> float:
        """Processor time of one evaluation."""
        return self.processor_s / self.evaluations if self.evaluations else 0.0


Costs = dict[str, Cost]
"""By rule."""


def watch(
    device: tuple[int, str], rules: Sequence[ActiveRule], rows: Sequence[Row], around: Around, memory: Memory, costs: Costs
) -> dict[str, Event]:
    """The rows of one device (its number and key), in order -> events by id, each in its last form; `memory` is moved."""
    found: dict[str, Event] = {}
    for reading in readings(*device, rows, around, memory.motion):
        for rule in rules:
            standing = memory.rules.setdefault(rule.key, Standing())
            event = _judge(rule, reading, around, standing, costs)
            if event is not None:
                found[event.event_id] = event
    return found


def _judge(rule: ActiveRule, reading: Reading, around: Around, standing: Standing, costs: Costs) -> Event | None:
    if rule.until is not None and reading.at >= rule.until:
        return end(rule, standing, rule.until)
    if reading.at < rule.since:
        return None
    definition = rule.definition
    is_meant = is_open(definition.hours, reading.at.astimezone(around.clock)) and definition.is_about(
        reading.device, reading.facts.get("vehicle")
    )
    holds = _evaluate(rule, reading, costs) if is_meant else False
    return step(rule, reading, holds, standing)


def _evaluate(rule: ActiveRule, reading: Reading, costs: Costs) -> bool | None:
    cost = costs.setdefault(rule.rule_id, Cost())
    begun = time.thread_time()
    holds: bool | None = None
    try:
        holds = rule.program.evaluate(reading.facts)
        cost.unknown += holds is None
    except EvaluationError as error:
        cost.faults[str(error)] += 1
    except Exception as error:  # noqa: BLE001  # one rule's mistake is nobody else's
        cost.faults[f"{type(error).__name__}: {error}"] += 1
    cost.processor_s += time.thread_time() - begun
    cost.evaluations += 1
    return holds


def dump(memory: Memory) -> dict[str, Any]:
    """A memory in the terms of JSON."""
    motion = memory.motion
    return {
        "motion": [_said(at) for at in (motion.seen_at, motion.stands_since, motion.halted_until)],
        "rules": {
            key: {
                "moments": [_said(at) for at in (standing.since, standing.last, standing.quiet_until)],
                "event": _event_said(standing.event) if standing.event else None,
            }
            for key, standing in sorted(memory.rules.items())
            if standing != Standing()
        },
    }


def load(said: Mapping[str, Any], keys: Iterable[str]) -> Memory:
    """A memory as `dump` gave it; of rules that are no more nothing is kept but the events that go on."""
    known = set(keys)
    rules = {}
    for key, one in said["rules"].items():
        if key in known:
            event = _event_read(one["event"]) if one["event"] else None
            since, last, quiet_until = (_read(at) for at in one["moments"])
            rules[key] = Standing(since, last, quiet_until, event)
    seen_at, stands_since, halted_until = (_read(at) for at in said["motion"])
    return Memory(Motion(seen_at, stands_since, halted_until), rules)


def _event_said(event: Event) -> dict[str, Any]:
    said = {name: getattr(event, name) for name in ("event_id", "rule", "device_id", "trip_id", "facts")}
    return {**said, "severity": event.severity.value, "moments": [event.started_at.isoformat(), event.detected_at.isoformat()]}


def _event_read(said: Mapping[str, Any]) -> Event:
    started_at, detected_at = (datetime.fromisoformat(at) for at in said["moments"])
    return Event(
        event_id=said["event_id"],
        rule=said["rule"],
        severity=Severity(said["severity"]),
        device_id=said["device_id"],
        trip_id=said["trip_id"],
        stop_id=None,
        started_at=started_at,
        ended_at=None,
        detected_at=detected_at,
        confidence=1.0,
        facts=said["facts"],
    )


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
