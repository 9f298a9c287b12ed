"""All that speaks for or against an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from store.fleet import Fix
from store.inbox import InboxAlert
from store.rounds import RoundStop
from store.sensor_log import SensorReading

LONGEST_GAP: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A zone or planned stop, and how far its boundary is from where it happened; negative inside."""

    what: str  # the kind of zone, or `stop`
    identifier: str
    name: str
    distance_m: float
    outline: Mapping[str, Any]  # GeoJSON geometry of its boundary


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known about an alert from `since` to `until`: ten minutes either side of its newest event."""

    alert: InboxAlert
    started_at: datetime
    ended_at: datetime | None
    since: datetime
    until: datetime
    track: tuple[Fix, ...]
    readings: tuple[SensorReading, ...]
    near: tuple[NearPlace, ...]  # nearest first
    stops: tuple[RoundStop, ...]  # of the trip, in the order of the plan


def is_gap(before: Fix, after: Fix) -> bool:
    """Whether so long passed between two fixes that nobody knows the way."""
    return after.fix_time - before.fix_time > LONGEST_GAP
