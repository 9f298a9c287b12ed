"""What people approved in advance or afterwards, so that rules hold back: a breakdown, a detour, a place, a break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.zones import Schedule


class SuppressorKind(StrEnum):
    """What was approved."""

    breakdown = "breakdown"  # of a vehicle: dwell, deviation and missed stops hold back, stops ahead are at risk
    detour = "detour"  # of a trip, or for everybody in an area: no deviation
    approved_place = "approved_place"  # where everybody may halt
    break_window = "break"  # a halt of a vehicle, or of everybody, does not count


@dataclass(frozen=True, slots=True)
class Suppressor:
    """One approval, from `valid_from` until `valid_until` (none: until it is ended).

    It is about one tracker, one trip, one area, or, where none of them is named, about everybody.
    """

    suppressor_id: str
    kind: SuppressorKind
    valid_from: datetime
    valid_until: datetime | None = None
    device_id: str | None = None  # the tracker's key
    trip_id: str | None = None
    geometry: Mapping[str, Any] | None = None  # as of a zone
    radius_m: float | None = None
    width_m: float | None = None
    schedule: Schedule | None = None  # of breaks, within the time above
    reason: str | None = None
