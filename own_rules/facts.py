"""From stored readings to the facts that expressions speak of. Pure.

Facts are those of the reading's own time: where it was, which trip was planned, on which vehicle the device was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import numpy as np

from own_rules.judging import Reading
from own_rules.places import Places

STANDS_BELOW_MPS: Final = 0.5
HALT: Final = timedelta(minutes=3)
SILENCE: Final = timedelta(minutes=15)
"""After a longer pause nobody knows for how long it had stood or driven."""
LEAD: Final = timedelta(minutes=30)
OVERRUN: Final = timedelta(hours=2)
_DEGREE: Final = 1e-7
_NUMBERS: Final = (
    "speed_mps", "course_deg", "altitude_m", "accuracy_m", "satellites", "cargo_kg", "fuel_l", "fuel_pct", "external_v",
    "odometer_m", "battery_v", "battery_pct", "weight_g", "temperature_c", "humidity_pct", "count",
)  # fmt: skip
_SWITCHES: Final = ("ignition", "in_motion", "door_open")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedTrip:
    """A trip as it is planned."""

    trip_id: str
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class Mounting:
    """On which vehicle a device was, and when."""

    vehicle_id: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Around:
    """What an organisation's facts need beside the readings. No places: no expression asks for zones."""

    clock: tzinfo
    places: Places | None = None
    trips: Mapping[int, Sequence[PlannedTrip]] = field(default_factory=dict)  # by device, by planned start
    mountings: Mapping[int, Sequence[Mounting]] = field(default_factory=dict)


@dataclass(slots=True)
class Motion:
    """What is remembered of how a device moved."""

    seen_at: datetime | None = None
    stands_since: datetime | None = None
    halted_until: datetime | None = None

    def move(self, at: datetime, speed_mps: float | None) -> dict[str, float]:
        """One more reading -> the facts of standing and driving, as far as they are known."""
        if self.seen_at is not None and at - self.seen_at > SILENCE:
            self.stands_since = self.halted_until = None
        if speed_mps is not None:
            self.seen_at = at
            self.stands_since = None if speed_mps >= STANDS_BELOW_MPS else self.stands_since or at
        if self.stands_since is not None and at - self.stands_since >= HALT:
            self.halted_until = at
        if self.seen_at is None:
            return {}
        facts = {"minutes_standing": _minutes(at - self.stands_since) if self.stands_since else 0.0}
        if self.halted_until is not None:
            facts["minutes_since_stop"] = _minutes(at - self.halted_until)
        return facts


def readings(device_id: int, key: str, rows: Sequence[Row], around: Around, motion: Motion) -> list[Reading]:
    """The rows of one device, in order, with their facts; `motion` is moved."""
    zones = _zones(rows, around.places)
    found = []
    for row, inside in zip(rows, zones, strict=True):
        at: datetime = row["at"]
        facts = _said(row)
        local = at.astimezone(around.clock)
        facts |= {
            "device": key,
            "hour": local.hour + local.minute / 60 + local.second / 3600,
            "weekday": float(local.weekday()),
        }
        vehicle = _vehicle(around.mountings.get(device_id, ()), at)
        if vehicle is not None:
            facts["vehicle"] = vehicle
        place = _place(row)
        trip = None
        if "longitude_e7" in row:
            facts |= motion.move(at, facts.get("speed_mps"))
            trip = _trip(around.trips.get(device_id, ()), at)
            facts |= _of_trip(trip, at)
            if place is not None:
                facts["longitude_deg"], facts["latitude_deg"] = place
                facts["zones"] = [zone.zone_id for zone in inside]
                facts["zone_kinds"] = [zone.kind.value for zone in inside]
        found.append(Reading(key, at, facts, place, trip.trip_id if trip else None))
    return found


def _zones(rows: Sequence[Row], places: Places | None) -> list[list[Any]]:
    if places is None or not rows or "longitude_e7" not in rows[0]:
        return [[] for _ in rows]
    points = np.array([_place(row) or (np.nan, np.nan) for row in rows])
    return places.around(points, [row["at"] for row in rows])


def _said(row: Row) -> dict[str, Any]:
    """What the device itself said; what it did not say is left out."""
    facts: dict[str, Any] = {name: float(row[name]) for name in _NUMBERS if row.get(name) is not None}
    facts |= {name: row[name] for name in _SWITCHES if row.get(name) is not None}
    if "probes_c" in row:
        probes = [float(value) for value in row["probes_c"] or () if value is not None]
        if probes:
            facts["temperatures_c"], facts["temperature_c"] = probes, max(probes)
        facts["alarms"] = list(row["alarms"] or ())
    return facts


def _place(row: Row) -> tuple[float, float] | None:
    if row.get("longitude_e7") is None or row.get("latitude_e7") is None:
        return None
    return round(row["longitude_e7"] * _DEGREE, 7), round(row["latitude_e7"] * _DEGREE, 7)


def _vehicle(mountings: Sequence[Mounting], at: datetime) -> str | None:
    for one in mountings:
        if (one.since is None or one.since <= at) and (one.until is None or at < one.until):
            return one.vehicle_id
    return None


def _trip(trips: Sequence[PlannedTrip], at: datetime) -> PlannedTrip | None:
    """The one that is running by its plan, else the one that begins soon, else the one that ought to be over."""
    upto = bisect_right(trips, at + LEAD, key=lambda trip: trip.planned_start)
    near = [trip for trip in trips[:upto] if at <= trip.planned_end + OVERRUN]
    ranked = sorted(near, key=lambda trip: (_state(trip, at) != "running", _state(trip, at) != "early", trip.planned_start))
    return ranked[0] if ranked else None


def _state(trip: PlannedTrip, at: datetime) -> str:
    if at < trip.planned_start:
        return "early"
    return "running" if at <= trip.planned_end else "overdue"


def _of_trip(trip: PlannedTrip | None, at: datetime) -> dict[str, Any]:
    if trip is None:
        return {"trip": "", "trip_state": "none"}
    said = {"trip": trip.trip_id, "trip_state": _state(trip, at)}
    return {**said, "minutes_into_trip": _minutes(at - trip.planned_start)}


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60
