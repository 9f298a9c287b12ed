"""Event JSON lines: events and, marked `"visit": true`, visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec

from domain.events import Event, Severity, Visit, VisitState
from wire.files.node import Node, json_line, parse_json_lines
from wire.files.reading import naming, read_lines
from wire.instants import format_instant


def parse_events(lines: Iterable[str]) -> Iterator[Event | Visit]:
    """The events and visits of JSON lines, one at a time; `InvalidInputError` names line and member."""
    for node in parse_json_lines(lines):
        yield _visit(node) if node.boolean("visit", default=False) else _event(node)


def read_events(path: Path) -> Iterator[Event | Visit]:
    """The events and visits of a file."""
    with naming(path):
        yield from parse_events(read_lines(path))


def write_events(conclusions: Iterable[Event | Visit], file: TextIO) -> int:
    """Write one line each, the same bytes for the same conclusions; how many."""
    count = 0
    for conclusion in conclusions:
        file.write(visit_line(conclusion) if isinstance(conclusion, Visit) else event_line(conclusion))
        count += 1
    return count


def event_line(event: Event) -> str:
    """The line of an event."""
    members = {
        "event_id": event.event_id,
        "rule": event.rule,
        "severity": event.severity.value,
        "device_id": event.device_id,
        "trip_id": event.trip_id,
        "stop_id": event.stop_id,
        "started_at": format_instant(event.started_at),
        "ended_at": _maybe(event.ended_at),
        "detected_at": format_instant(event.detected_at),
        "confidence": event.confidence,
        "late": event.late,
        "supersedes": event.supersedes,
    }
    return json_line(members, facts=event.facts)


def visit_line(visit: Visit) -> str:
    """The line of a visit; its facts are told only where there are any."""
    members: dict[str, Any] = {
        "visit": True,
        "trip_id": visit.trip_id,
        "stop_id": visit.stop_id,
        "state": visit.state.value,
        "arrived_at": _maybe(visit.arrived_at),
        "departed_at": _maybe(visit.departed_at),
        "confidence": visit.confidence,
    }
    if visit.evidence:
        members["evidence"] = msgspec.Raw(msgspec.json.encode(visit.evidence, order="sorted"))
    return json_line(members, facts=visit.facts or None)


def _event(node: Node) -> Event:
    return Event(
        event_id=node.text("event_id"),
        rule=node.text("rule"),
        severity=node.choice("severity", Severity),
        device_id=node.text("device_id"),
        trip_id=node.maybe_text("trip_id"),
        stop_id=node.maybe_text("stop_id"),
        started_at=node.instant("started_at"),
        ended_at=node.maybe_instant("ended_at"),
        detected_at=node.instant("detected_at"),
        confidence=node.number("confidence", least=0),
        late=node.boolean("late", default=False),
        supersedes=node.maybe_text("supersedes"),
        facts=_facts(node),
    )


def _visit(node: Node) -> Visit:
    return Visit(
        trip_id=node.text("trip_id"),
        stop_id=node.text("stop_id"),
        state=node.choice("state", VisitState),
        arrived_at=node.maybe_instant("arrived_at"),
        departed_at=node.maybe_instant("departed_at"),
        confidence=node.number("confidence", least=0),
        facts=_facts(node),
        evidence=_facts(node, "evidence"),
    )


def _facts(node: Node, name: str = "facts") -> dict[str, Any]:
    return node.at(name).mapping() if node.has(name) else {}


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)
