"""What a rule makes of one reading after another. Pure: the same readings in order always give the same events.

A rule holds once its expression was true at every reading for long enough. A reading for which the answer is not known is as if
it were not there. Readings further apart than the rule's silence say nothing about the time between: what had not been told
yet begins anew. An event ends with the first reading for which the expression is false or that the rule is not meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from domain.events import Event
from own_rules.definition import PREFIX, Definition
from own_rules.language import Program

_SHOWN: Final = 12  # facts of an event, at most


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A version of a rule while it was on: from `since` until `until`, by the time of readings."""

    rule_id: str
    version: int
    definition: Definition
    program: Program
    since: datetime
    until: datetime | None = None

    @property
    def key(self) -> str:
        """Its name in what is remembered."""
        return f"{self.rule_id}@{self.version}@{self.since.isoformat()}"

    @property
    def name(self) -> str:
        """Its name in events."""
        return PREFIX + self.rule_id


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known at one reading of a device."""

    device: str
    at: datetime
    facts: Mapping[str, Any]
    place: tuple[float, float] | None = None
    trip_id: str | None = None


@dataclass(slots=True)
class Standing:
    """What a rule remembers of a device."""

    since: datetime | None = None  # it has held since then
    last: datetime | None = None  # when it was last known to hold
    quiet_until: datetime | None = None
    event: Event | None = None  # that goes on


def step(rule: ActiveRule, reading: Reading, holds: bool | None, standing: Standing) -> Event | None:
    """What the rule makes of one more reading, as an event that began, or ended; `standing` is moved."""
    if holds is None:
        return None
    if standing.event is not None:
        return _go_on(rule, reading, standing, holds=holds)
    if not holds or _is_quiet(standing, reading.at):
        standing.since = None
        return None
    silence = timedelta(seconds=rule.definition.silence_s)
    if standing.since is None or standing.last is None or reading.at - standing.last > silence:
        standing.since = reading.at
    standing.last = reading.at
    if reading.at - standing.since < rule.definition.least:
        return None
    standing.event = _event(rule, reading, standing.since)
    return standing.event


def end(rule: ActiveRule, standing: Standing, at: datetime) -> Event | None:
    """The event that goes on, ended at a moment because the rule was switched off; None when there is none."""
    if standing.event is None:
        return None
    return _ended(rule, standing, standing.event, at)


def _go_on(rule: ActiveRule, reading: Reading, standing: Standing, *, holds: bool) -> Event | None:
    assert standing.event is not None
    if holds:
        standing.last = reading.at
        return None
    return _ended(rule, standing, standing.event, reading.at)


def _ended(rule: ActiveRule, standing: Standing, event: Event, at: datetime) -> Event:
    over = replace(event, ended_at=max(at, event.started_at))
    standing.event = standing.since = None
    standing.quiet_until = at + timedelta(seconds=rule.definition.cool_down_s)
    return over


def _is_quiet(standing: Standing, at: datetime) -> bool:
    return standing.quiet_until is not None and at < standing.quiet_until


def _event(rule: ActiveRule, reading: Reading, since: datetime) -> Event:
    definition = rule.definition
    shown = {name: reading.facts[name] for name in sorted(rule.program.names) if name in reading.facts}
    facts: dict[str, Any] = {
        **dict(list(shown.items())[:_SHOWN]),
        "name": definition.name,
        "expression": definition.expression,
        "version": rule.version,
        "held_s": (reading.at - since).total_seconds(),
    }
    if reading.place is not None:
        facts["longitude_deg"], facts["latitude_deg"] = reading.place
    return Event(
        event_id=_identity(rule, reading.device, since),
        rule=rule.name,
        severity=definition.severity,
        device_id=reading.device,
        trip_id=reading.trip_id,
        stop_id=None,
        started_at=since,
        ended_at=None,
        detected_at=reading.at,
        confidence=1.0,
        facts=facts,
    )


def _identity(rule: ActiveRule, device: str, since: datetime) -> str:
    """In the form of a UUID, and the same for the same evidence."""
    digest = blake2b(f"{rule.key}\0{device}\0{since.isoformat()}".encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
