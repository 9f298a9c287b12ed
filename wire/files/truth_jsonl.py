"""Truth JSON lines: what rules ought to find and, marked `"visit": true`, what really became of planned stops.

What came so near to a threshold that an event about it is no fault names its rule in `near` instead of `rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

from domain.events import VisitState
from domain.truth import Incident, TrueVisit
from wire.files.node import Node, json_line, parse_json_lines
from wire.files.reading import naming, read_lines
from wire.instants import format_instant


def parse_truth(lines: Iterable[str]) -> Iterator[Incident | TrueVisit]:
    """The truth in JSON lines, one record at a time; `InvalidInputError` names line and member."""
    for node in parse_json_lines(lines):
        yield _visit(node) if node.boolean("visit", default=False) else _incident(node)


def read_truth(path: Path) -> Iterator[Incident | TrueVisit]:
    """The truth in a file."""
    with naming(path):
        yield from parse_truth(read_lines(path))


def write_truth(truth: Iterable[Incident | TrueVisit], file: TextIO) -> int:
    """Write one line each, the same bytes for the same truth; how many."""
    count = 0
    for record in truth:
        file.write(truth_line(record))
        count += 1
    return count


def truth_line(record: Incident | TrueVisit) -> str:
    """The line of a record, with its end."""
    return _visit_line(record) if isinstance(record, TrueVisit) else _incident_line(record)


def _incident(node: Node) -> Incident:
    near = node.maybe_text("near")
    incident = Incident(
        rule=near or node.text("rule"),
        device_id=node.text("device_id"),
        trip_id=node.maybe_text("trip_id"),
        stop_id=node.maybe_text("stop_id"),
        started_at=node.instant("started_at"),
        ended_at=node.maybe_instant("ended_at"),
        arguable=near is not None or node.boolean("arguable", default=False),
        happened=near is None,
    )
    if incident.ended_at is not None and incident.ended_at < incident.started_at:
        raise node.at("ended_at").refuse("is before started_at")
    return incident


def _visit(node: Node) -> TrueVisit:
    return TrueVisit(
        trip_id=node.text("trip_id"),
        stop_id=node.text("stop_id"),
        state=node.choice("state", VisitState),
        arrived_at=node.maybe_instant("arrived_at"),
        departed_at=node.maybe_instant("departed_at"),
    )


def _incident_line(incident: Incident) -> str:
    return json_line(
        {
            "rule" if incident.happened else "near": incident.rule,
            "device_id": incident.device_id,
            "trip_id": incident.trip_id,
            "stop_id": incident.stop_id,
            "started_at": format_instant(incident.started_at),
            "ended_at": _maybe(incident.ended_at),
            **({"arguable": True} if incident.arguable and incident.happened else {}),
        }
    )


def _visit_line(visit: TrueVisit) -> str:
    return json_line(
        {
            "visit": True,
            "trip_id": visit.trip_id,
            "stop_id": visit.stop_id,
            "state": visit.state.value,
            "arrived_at": _maybe(visit.arrived_at),
            "departed_at": _maybe(visit.departed_at),
        }
    )


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)
