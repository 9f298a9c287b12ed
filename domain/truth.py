"""What really happened in a simulated or labelled day, to be compared with what was concluded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.events import VisitState


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a rule ought to find."""

    rule: str
    device_id: str
    trip_id: str | None
    stop_id: str | None
    started_at: datetime
    ended_at: datetime | None
    arguable: bool = False  # so near to a threshold that its instruments cannot tell on which side
    happened: bool = True  # false only of what is arguable: without the errors of instruments it is on the near side


@dataclass(frozen=True, slots=True)
class TrueVisit:
    """What really became of a planned stop."""

    trip_id: str
    stop_id: str
    state: VisitState
    arrived_at: datetime | None
    departed_at: datetime | None
