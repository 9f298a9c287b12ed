"""The engine's halts on real delivery runs against the true mode of each fix: driving, or on foot at a customer's."""

from __future__ import annotations

import argparse
import gzip
from collections import defaultdict
from collections.abc import Iterator
from csv import DictReader
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from domain.events import Event
from domain.observations import Position
from domain.trips import Trip
from geofence.engine import Engine
from geofence.history import Judgement
from geofence.history import judge as judge_rows
from geofence.parameters import Parameters
from geofence.rows import rows_from_positions
from geofence.world import World

Span = tuple[datetime, datetime]
HALT_S = 120.0


def read(path: Path) -> dict[str, list[tuple[Position, bool]]]:
    """Fixes with whether the agent was on foot, by run, in their order in time."""
    runs: dict[str, list[tuple[Position, bool]]] = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for row in DictReader(file):
            moment = datetime.fromisoformat(row["fix_time"])
            place = float(row["longitude_deg"]), float(row["latitude_deg"])
            fix = Position(row["device_id"], moment, longitude_deg=place[0], latitude_deg=place[1])
            runs[fix.device].append((fix, row["mode"] == "OnFoot"))
    return runs


def on_foot(run: list[tuple[Position, bool]]) -> Iterator[Span]:
    """Spans of consecutive fixes on foot that last as long as a halt."""
    for walking, fixes in groupby(run, key=lambda one: one[1]):
        moments = [fix.fix_time for fix, _ in fixes if fix.fix_time]
        if walking and (moments[-1] - moments[0]).total_seconds() >= HALT_S:
            yield moments[0], moments[-1]


def halts(runs: dict[str, list[tuple[Position, bool]]]) -> dict[str, list[Span]]:
    """The engine's halts of at least two minutes, by run.

    Each run is judged by itself: all are dated on one day in one town, and halts near each other would be taken for traffic.
    """
    return {device: _halts(device, [fix for fix, _ in run]) for device, run in runs.items()}


def _halts(device: str, run: list[Position]) -> list[Span]:
    """The run is a trip without stops, on which every halt is unscheduled."""
    first, last, hour = run[0].fix_time, run[-1].fix_time, timedelta(hours=1)
    assert first is not None
    assert last is not None
    world = World((), (Trip(device, device, first - hour, last + hour, (), None, None, ()),), {1: device})
    judgement = Judgement()
    engine = Engine(world, Parameters({"unscheduled_stop.least_s": HALT_S}))
    for _, conclusions in judge_rows(engine, rows_from_positions(run, {device: 1})):
        judgement.take(conclusions)
    events = [one for one in judgement.in_order() if isinstance(one, Event) and one.rule == "unscheduled_stop"]
    return [(event.started_at, event.ended_at or event.detected_at) for event in events]


def compare(runs: dict[str, list[tuple[Position, bool]]], found: dict[str, list[Span]]) -> dict[str, Any]:
    """How many spans on foot a halt overlaps, how many halts overlap some time on foot, and the fixes in halts by mode."""
    true = {device: list(on_foot(run)) for device, run in runs.items()}
    any_foot = {device: [fix.fix_time for fix, walking in run if walking] for device, run in runs.items()}
    seen = sum(any(_overlap(span, halt) for halt in found[device]) for device, spans in true.items() for span in spans)
    right = sum(any(begin <= at <= end for at in any_foot[device] if at) for device, one in found.items() for begin, end in one)
    within = [walking for device, run in runs.items() for fix, walking in run if _inside(fix.fix_time, found[device])]
    spans, told = sum(map(len, true.values())), sum(map(len, found.values()))
    return {
        "runs": len(runs),
        "spans_on_foot": spans,
        "halts": told,
        "recall": round(seen / spans, 4) if spans else None,
        "precision": round(right / told, 4) if told else None,
        "fixes_in_halts_on_foot": round(sum(within) / len(within), 4) if within else None,
    }


def _overlap(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _inside(moment: datetime | None, spans: list[Span]) -> bool:
    return moment is not None and any(begin <= moment <= end for begin, end in spans)


def main() -> None:
    """Read the runs and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", type=Path, help="CSV, gzipped: device_id, fix_time, longitude_deg, latitude_deg, mode")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    runs = read(options.tracks)
    document = compare(runs, halts(runs))
    print(document)
    if options.json is not None:
        options.json.write_bytes(msgspec.json.encode(document) + b"\n")


if __name__ == "__main__":
    main()
