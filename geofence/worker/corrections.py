"""What late data or a changed plan makes of conclusions that are stored already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.events import Event, Visit, VisitState
from geofence.alike import Alike
from geofence.conclusions import Conclusions, Fault
from store.conclusions import Past, StopKey


@dataclass(slots=True)
class Produced:
    """The latest form of all that a run of the engine concluded."""

    events: dict[str, Event] = field(default_factory=dict)
    visits: dict[StopKey, Visit] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)  # by event, with the reason
    faults: list[Fault] = field(default_factory=list)
    alike: dict[str, Alike] = field(default_factory=dict)

    def add(self, conclusions: Conclusions) -> None:
        """Add what a later call of the engine concluded."""
        for event in conclusions.events:
            self.events[event.event_id] = event
            self.withdrawn.pop(event.event_id, None)
        self.withdrawn.update({withdrawal.event_id: withdrawal.reason for withdrawal in conclusions.withdrawn})
        self._follow({(visit.trip_id, visit.stop_id): visit for visit in conclusions.visits})
        self.faults.extend(conclusions.faults)
        self.alike.update({one.alike_id: one for one in conclusions.alike})

    def extend(self, later: Produced) -> None:
        """Add what was produced after this."""
        for event_id in later.events:
            self.withdrawn.pop(event_id, None)
        self.events.update(later.events)
        self.withdrawn.update(later.withdrawn)
        self._follow(later.visits)
        self.faults.extend(later.faults)
        self.alike.update(later.alike)

    def _follow(self, later: Mapping[StopKey, Visit]) -> None:
        self.visits.update({key: visit.following(self.visits.get(key)) for key, visit in later.items()})


@dataclass(frozen=True, slots=True)
class Correction:
    """What to store: events and visits in their new form, and which stored events are no longer true."""

    events: list[Event]
    visits: list[Visit]
    overturned: list[Event]
    withdrawn: Mapping[str, str]
    whole: frozenset[StopKey] = frozenset()  # visits that are here with all of their evidence


def correct(past: Past, produced: Produced, late: Collection[str] = ()) -> Correction:
    """Compare what was held since a checkpoint with what is concluded from that checkpoint now.

    `late` names the produced events that should have been known before; those of them that nobody knew are marked late.
    """
    held = {event_id: event for event_id, event in past.base_events.items() if event_id not in produced.withdrawn}
    held.update({event_id: event for event_id, event in produced.events.items() if event_id not in produced.withdrawn})
    gone = [event for event_id, event in past.current_events.items() if event_id not in held]
    new = {event_id for event_id in held if event_id not in past.current_events and event_id in late}
    overturned = [event for event in gone if event.event_id not in produced.withdrawn]
    successors = _successors(overturned, [held[event_id] for event_id in new])
    events = [
        replace(event, late=True, supersedes=successors.get(event_id)) if event_id in new else event
        for event_id, event in held.items()
    ]
    whole = frozenset({*past.current_visits, *past.base_visits})
    return Correction(events, _visits(past, produced), overturned, produced.withdrawn, whole)


def _successors(gone: Iterable[Event], new: Iterable[Event]) -> Mapping[str, str]:
    """Which new event stands for which overturned one: the same rule, trip and stop, and the start nearest in time."""
    waiting = sorted(new, key=lambda event: (event.started_at, event.event_id))
    found: dict[str, str] = {}
    for old in sorted(gone, key=lambda event: (event.started_at, event.event_id)):
        alike = [event for event in waiting if event.event_id not in found and _subject(event) == _subject(old)]
        if alike:
            nearest = min(alike, key=lambda event: (abs(event.started_at - old.started_at), event.event_id))
            found[nearest.event_id] = old.event_id
    return found


def _subject(event: Event) -> tuple[str, str, str | None, str | None]:
    return event.rule, event.device_id, event.trip_id, event.stop_id


def _visits(past: Past, produced: Produced) -> list[Visit]:
    replayed = {key: visit.following(past.base_visits.get(key)) for key, visit in produced.visits.items()}
    visits = {**past.base_visits, **replayed}
    for key in past.current_visits:
        visits.setdefault(key, Visit(*key, VisitState.pending, None, None, 0.0))
    return list(visits.values())
