"""What was planned: a trip, its stops, its route, and the proofs drivers captured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Circle:
    """A place on the ground, such as a depot or an outlet's pin."""

    longitude_deg: float
    latitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A shop to be served, in the order of the plan."""

    stop_id: str
    outlet_id: str | None
    place: Circle
    window_start: datetime | None
    window_end: datetime | None
    planned_service_s: float | None
    cases: float | None
    outlet_class: str | None = None  # such as A, B, C: parameters may differ by it
    usual_dwell_s: float | None = None  # the outlet's 90th percentile of dwell, as known when this was planned


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of delivery, as captured on the driver's phone."""

    stop_id: str
    captured_at: datetime
    longitude_deg: float | None
    latitude_deg: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class Trip:
    """One van's round, frozen at dispatch."""

    trip_id: str
    device_id: str  # the tracker's key
    planned_start: datetime
    planned_end: datetime
    route: tuple[LonLat, ...]
    corridor_m: float | None
    depot: Circle | None
    stops: tuple[PlannedStop, ...]
    proofs: tuple[Proof, ...] = ()
    route_id: str | None = None  # the beat or route plan it was made from: parameters may differ by it
