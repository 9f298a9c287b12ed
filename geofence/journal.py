"""Collects what rules conclude in one call, each event and visit in its latest form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from domain.events import Event, Severity, Visit
from domain.records import drafted
from geofence.alike import Alike
from geofence.conclusions import Conclusions, Fault, Withdrawal
from geofence.facts import Fact
from geofence.fixes import Sightings
from geofence.rows import from_us

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


@dataclass(slots=True)
class Journal:
    """What one call concluded so far. Events are made of their episodes at the end, once each, in their latest form."""

    events: dict[str, Event | tuple[str, Episode, int | None]] = field(default_factory=dict)
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    withdrawn: dict[str, Withdrawal] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    alike: dict[str, Alike] = field(default_factory=dict)
    sightings: Sightings = field(default_factory=Sightings)
    follow_ups: list[Fact] = field(default_factory=list)

    def note(self, device_key: str, episode: Episode, ended_us: int | None) -> None:
        """An event began, changed or ended."""
        self.events[episode.event_id] = device_key, episode, ended_us

    def conclusions(self, **rest: Any) -> Conclusions:
        """Everything kept."""
        events = [noted if isinstance(noted, Event) else _event(*noted) for noted in self.events.values()]
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
    text = f"{rule}\0{device_key}\0{trip_id or ''}\0{place}\0{started_us}"
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


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
