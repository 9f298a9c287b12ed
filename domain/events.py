"""What the engine concludes: events that rules open, and the visits of planned stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much it matters, least first."""

    info = "info"
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"


class VisitState(StrEnum):
    """The life of a planned stop. `no_data` is never `missed`."""

    pending = "pending"
    approaching = "approaching"
    arrived = "arrived"
    serviced = "serviced"
    drive_by = "drive_by"
    probable = "probable"
    out_of_sequence = "out_of_sequence"
    skipped = "skipped"
    missed = "missed"
    no_data = "no_data"


@dataclass(frozen=True, slots=True)
class Event:
    """A conclusion of one rule. The same evidence always gives the same `event_id`; `ended_at` is `None` while it lasts."""

    event_id: str
    rule: str
    severity: Severity
    device_id: str
    trip_id: str | None
    stop_id: str | None
    started_at: datetime
    ended_at: datetime | None
    detected_at: datetime  # in event time: the fix or tick that decided
    confidence: float
    late: bool = False
    supersedes: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """What became of a planned stop, with the confidence of the judgement from 0 to 1."""

    trip_id: str
    stop_id: str
    state: VisitState
    arrived_at: datetime | None
    departed_at: datetime | None
    confidence: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)  # by state, the fix that decided it and the zones around it

    def following(self, before: Visit | None) -> Visit:
        """This form with the evidence of the form before: a conclusion only brings what is new."""
        return self if before is None else replace(self, evidence={**before.evidence, **self.evidence})
