"""Which event is about which incident: one to one, and as many pairs as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from domain.events import Event
from domain.truth import Incident

TOLERANCE: Final = timedelta(minutes=5)
ONCE_A_TRIP: Final = frozenset({"out_of_sequence", "detour", "settlement_mismatch"})
"""Rules that judge a whole trip: the same trip is enough, whatever moment either side names."""


def about_the_same(incident: Incident, event: Event, tolerance: timedelta = TOLERANCE) -> bool:
    """Same rule and device; trip and stop do not contradict each other; and the times overlap, give or take.

    The same stop of the same trip needs no overlap: a stop is missed, or signed for away from it, at most once.
    """
    if (incident.rule, incident.device_id) != (event.rule, event.device_id):
        return False
    if _contradict(incident.trip_id, event.trip_id) or _contradict(incident.stop_id, event.stop_id):
        return False
    same_trip = incident.trip_id is not None and incident.trip_id == event.trip_id
    same_stop = same_trip and incident.stop_id is not None and incident.stop_id == event.stop_id
    if same_stop or (same_trip and incident.rule in ONCE_A_TRIP):
        return True
    incident_end = incident.ended_at or incident.started_at
    event_end = event.ended_at or max(event.started_at, event.detected_at)
    return incident.started_at - tolerance <= event_end and event.started_at <= incident_end + tolerance


def _contradict(ours: str | None, theirs: str | None) -> bool:
    return ours is not None and theirs is not None and ours != theirs


def pair(incidents: Sequence[Incident], events: Sequence[Event], tolerance: timedelta = TOLERANCE) -> dict[int, int]:
    """A maximum matching: positions of incidents to positions of events. What is arguable takes what the others leave, and
    what only came near what those leave.

    Augmenting paths: C. Berge, Two theorems in graph theory, PNAS 43 (1957).
    """
    ordered = sorted(range(len(events)), key=lambda index: (events[index].started_at, events[index].event_id))
    candidates: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index in ordered:
        candidates[events[index].rule, events[index].device_id].append(index)
    fitting = [
        [index for index in candidates[incident.rule, incident.device_id] if about_the_same(incident, events[index], tolerance)]
        for incident in incidents
    ]
    taken_by: dict[int, int] = {}
    for position in sorted(range(len(incidents)), key=lambda at: (incidents[at].arguable, not incidents[at].happened)):
        _augment(position, fitting, taken_by, set())
    return {position: index for index, position in taken_by.items()}


def _augment(position: int, fitting: list[list[int]], taken_by: dict[int, int], tried: set[int]) -> bool:
    """Find an event for an incident, moving others to another of theirs where that helps."""
    for index in fitting[position]:
        if index in tried:
            continue
        tried.add(index)
        if index not in taken_by or _augment(taken_by[index], fitting, taken_by, tried):
            taken_by[index] = position
            return True
    return False
