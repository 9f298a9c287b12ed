"""Collects what rules conclude in one call, each event and visit in its latest form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Severity, Visit
from domain.records import drafted
from geofence.alike import Alike
from geofence.conclusions import Conclusions, Fault, Withdrawal
from geofence.facts import FACT, Fact
from geofence.fixes import Sightings
from geofence.rows import from_us

Evidence = tuple[str, str, str | None, str, int]
"""What an event is known by: rule, device, trip, place, and its begin in microseconds."""
_DIGITS: Final = np.array([place for place in range(36) if place not in (8, 13, 18, 23)])
_PLACES: Final = frozenset({"longitude_deg", "latitude_deg"})
draft_event: Final = drafted(Event)
draft_visit: Final = drafted(Visit)


@dataclass(slots=True)
class Episode:
    """An event that is not over."""

    event_id: str
    rule: str
    severity: Severity
    trip_id: str | None
    stop_id: str | None
    started_us: int
    detected_us: int
    confidence: float
    facts: dict[str, Any]


class Turn(NamedTuple):
    """A device was on a trip, or on none, until a moment of the call."""

    until_us: int
    trip_id: str | None


@dataclass(slots=True)
class Journal:
    """What one call concluded so far. Events are made of their episodes at the end, once each, in their latest form."""

    events: dict[str, tuple[str, Episode, int | None]] = field(default_factory=dict)
    passages: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, FACT))  # facts of zones entered and left, by device
    passed: list[Event] = field(default_factory=list)  # what is told of them
    turns: dict[int, list[Turn]] = field(default_factory=dict)  # by slot
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    withdrawn: dict[str, Withdrawal] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    alike: dict[str, Alike] = field(default_factory=dict)
    sightings: Sightings = field(default_factory=Sightings)
    follow_ups: list[Fact] = field(default_factory=list)

    def note(self, device_key: str, episode: Episode, ended_us: int | None) -> None:
        """An event began, changed or ended."""
        self.events[episode.event_id] = device_key, episode, ended_us

    def turn(self, slot: int, until_us: int, trip_id: str | None) -> None:
        """A device's trip begins or ends, and up to a moment it was on `trip_id`."""
        self.turns.setdefault(slot, []).append(Turn(until_us, trip_id))

    def conclusions(self, **rest: Any) -> Conclusions:
        """Everything kept."""
        events = [_event(*noted) for noted in self.events.values()]
        events += {event.event_id: event for event in self.passed}.values()
        visits, withdrawn = list(self.visits.values()), list(self.withdrawn.values())
        return Conclusions(events, visits, withdrawn, self.faults, alike=list(self.alike.values()), **rest)


def _event(device_key: str, episode: Episode, ended_us: int | None) -> Event:
    return draft_event(
        episode.event_id,
        episode.rule,
        episode.severity,
        device_key,
        episode.trip_id,
        episode.stop_id,
        from_us(episode.started_us),
        None if ended_us is None else from_us(ended_us),
        from_us(episode.detected_us),
        episode.confidence,
        facts=dict(episode.facts),
    )


def event_id(rule: str, device_key: str, trip_id: str | None, place: str, started_us: int) -> str:
    """A name in the form of a UUID that the same evidence always gives."""
    digits = _digest(rule, device_key, trip_id, place, started_us).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _digest(rule: str, device_key: str, trip_id: str | None, place: str, started_us: int) -> bytes:
    text = f"{rule}\0{device_key}\0{trip_id or ''}\0{place}\0{started_us}"
    return blake2b(text.encode(), digest_size=16).digest()


def event_ids(evidence: list[Evidence]) -> list[str]:
    """`event_id` of many."""
    digits = b"".join([_digest(*one) for one in evidence]).hex()
    texts = np.full((len(evidence), 36), ord("-"), np.uint8)
    texts[:, _DIGITS] = np.frombuffer(digits.encode(), np.uint8).reshape(-1, 32)
    whole = texts.tobytes().decode()
    return [whole[start : start + 36] for start in range(0, len(whole), 36)]


def rounded(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they are shown: decimals beyond measurement cut off, what is not a number left out.

    A thousandth of a degree is a street's length: places keep the centimetre.
    """
    shown = {}
    for name, value in facts.items():
        if not isinstance(value, float):
            shown[name] = value
        elif value == value:
            shown[name] = round(value, 7) if name in _PLACES else thousandths(value)
    return shown


def thousandths(value: float) -> float:
    """A number to three decimals; most have none, and to ask costs a tenth of rounding."""
    return value if value.is_integer() else round(value, 3)
