"""How right the conclusions are: per rule, over the visits, and in false alarms per vehicle-day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any, Final

from domain.events import Event, Visit
from domain.truth import Incident, TrueVisit
from simulators.truth.matching import TOLERANCE, pair

FACTS: Final = frozenset({"zone_enter", "zone_exit"})
"""Rules that state facts and alarm nobody: they are scored only where the truth speaks of them."""

RIGHT: Final[dict[str, set[str]]] = {
    "serviced": {"serviced", "out_of_sequence"},
    "missed": {"missed", "drive_by"},
    "no_data": {"no_data", "probable"},
}
"""What may be said of a visit: served in whatever order, passed by without a halt, or hidden by a gap, likely or not."""

NOT_JUDGED: Final = "none"


@dataclass
class Tally:
    """Counts of one rule, with the seconds from each found incident's beginning to its detection."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    delays_s: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.tp, self.fp, self.fn = self.tp + other.tp, self.fp + other.fp, self.fn + other.fn
        self.delays_s += other.delays_s

    def document(self) -> dict[str, Any]:
        """The figures as INTERFACES promise them; what nothing was counted for is null."""
        ordered = sorted(self.delays_s)
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "precision": _share(self.tp, self.tp + self.fp),
            "recall": _share(self.tp, self.tp + self.fn),
            "median_detect_s": round(median(ordered), 3) if ordered else None,
            "p95_detect_s": round(ordered[-(-95 * len(ordered) // 100) - 1], 3) if ordered else None,
        }


@dataclass
class Score:
    """Tallies by rule, visits as (true state, judged state), and the vehicle-days they were gathered over."""

    rules: dict[str, Tally] = field(default_factory=dict)
    visits: Counter[tuple[str, str]] = field(default_factory=Counter)
    vehicle_days: float = 0.0
    arguable: Counter[tuple[str, str]] = field(default_factory=Counter)  # (rule, told or silent)
    strictly: dict[str, Tally] = field(default_factory=dict)  # as `rules`, but what is arguable is judged by the noise-free day

    def add(self, other: Score) -> None:
        """Count another score in."""
        for rule, tally in other.rules.items():
            self.rules.setdefault(rule, Tally()).add(tally)
        for rule, tally in other.strictly.items():
            self.strictly.setdefault(rule, Tally()).add(tally)
        self.visits += other.visits
        self.vehicle_days += other.vehicle_days
        self.arguable += other.arguable

    def document(self) -> dict[str, Any]:
        """The score as a JSON document."""
        right = sum(count for (true, judged), count in self.visits.items() if judged in RIGHT.get(true, {true}))
        alarms = sum(tally.fp for tally in self.rules.values())
        return {
            "rules": {rule: self.rules[rule].document() for rule in sorted(self.rules)},
            "false_alarms_per_vehicle_day": round(alarms / self.vehicle_days, 6) if self.vehicle_days else None,
            "visits": _by_first(self.visits),
            "visits_right": _share(right, self.visits.total()),
            "vehicle_days": self.vehicle_days,
            "arguable": _by_first(self.arguable),
            "strictly": {
                rule: self.strictly.get(rule, Tally()).document() for rule in sorted({rule for rule, _ in self.arguable})
            },
        }


def score(
    truth: Iterable[Incident | TrueVisit],
    conclusions: Iterable[Event | Visit],
    vehicle_days: float | None = None,
    tolerance: timedelta = TOLERANCE,
) -> Score:
    """Compare. Without `vehicle_days` they are counted: the trips, or else the days on which a device is spoken of."""
    incidents, visits = _split_truth(truth)
    events, judged = _split_conclusions(conclusions)
    spoken = {incident.rule for incident in incidents}
    events = [event for event in events if event.rule in spoken or event.rule not in FACTS]
    pairs = pair(incidents, events, tolerance)
    result = Score(vehicle_days=_vehicle_days(incidents, visits, events) if vehicle_days is None else vehicle_days)
    _tally(result.rules, incidents, events, pairs, lambda one: not one.arguable, lambda _: True)
    _tally(result.strictly, incidents, events, pairs, lambda one: one.happened, lambda one: one.happened)
    for position, incident in enumerate(incidents):
        if incident.arguable:
            result.arguable[incident.rule, "told" if position in pairs else "silent"] += 1
    for visit in visits:
        state = judged.get((visit.trip_id, visit.stop_id), NOT_JUDGED)
        result.visits[visit.state.value, state] += 1
    return result


def _tally(
    rules: dict[str, Tally],
    incidents: list[Incident],
    events: list[Event],
    pairs: Mapping[int, int],
    counts: Callable[[Incident], bool],
    excuses: Callable[[Incident], bool],
) -> None:
    """Count incidents that `counts` as found or not, and as false the events that are about none that `excuses` them."""
    for position, incident in enumerate(incidents):
        if not counts(incident):
            continue
        tally = rules.setdefault(incident.rule, Tally())
        if position in pairs:
            tally.tp += 1
            tally.delays_s.append((events[pairs[position]].detected_at - incident.started_at).total_seconds())
        else:
            tally.fn += 1
    excused = {index for position, index in pairs.items() if excuses(incidents[position])}
    for index, event in enumerate(events):
        if index not in excused:
            rules.setdefault(event.rule, Tally()).fp += 1


def _split_truth(truth: Iterable[Incident | TrueVisit]) -> tuple[list[Incident], list[TrueVisit]]:
    lines = list(truth)
    return [one for one in lines if isinstance(one, Incident)], [one for one in lines if isinstance(one, TrueVisit)]


def _split_conclusions(conclusions: Iterable[Event | Visit]) -> tuple[list[Event], dict[tuple[str, str], str]]:
    """The events that still stand, and the judged state of each stop."""
    lines = list(conclusions)
    superseded = {one.supersedes for one in lines if isinstance(one, Event) and one.supersedes is not None}
    events = [one for one in lines if isinstance(one, Event) and one.event_id not in superseded]
    return events, {(one.trip_id, one.stop_id): one.state.value for one in lines if isinstance(one, Visit)}


def _vehicle_days(incidents: list[Incident], visits: list[TrueVisit], events: list[Event]) -> float:
    trips = {visit.trip_id for visit in visits}
    days = {(one.device_id, one.started_at.date()) for one in incidents}
    days |= {(one.device_id, one.started_at.date()) for one in events}
    return float(len(trips) or len(days))


def _by_first(counted: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (first, second), count in sorted(counted.items()):
        found.setdefault(first, {})[second] = count
    return found


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
