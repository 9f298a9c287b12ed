"""Between rows of the planning tables and records of the domain. Positions of stops and proofs are stored in 1e-7 degree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.zones import OpenHours, Schedule, Zone, ZoneKind, schedule_members

_E7: Final = 1e7


def zone_row(org_id: int, zone: Zone) -> dict[str, Any]:
    """Parameters of the zone statements."""
    return {
        "org_id": org_id,
        "zone_id": zone.zone_id,
        "name": zone.name,
        "kind": zone.kind.value,
        "geometry": Jsonb(dict(zone.geometry)),
        "radius_m": zone.radius_m,
        "width_m": zone.width_m,
        "speed_limit_mps": zone.speed_limit_mps,
        "schedule": schedule_json(zone.schedule),
        "valid": Range(zone.valid_from, zone.valid_until),
    }


def read_zone(row: DictRow) -> Zone:
    """A zone version."""
    return Zone(
        row["zone_id"],
        row["name"],
        ZoneKind(row["kind"]),
        row["geometry"],
        row["radius_m"],
        row["width_m"],
        row["speed_limit_mps"],
        row["valid_from"],
        row["valid_until"],
        read_schedule(row["schedule"]),
    )


def schedule_json(schedule: Schedule | None) -> Jsonb | None:
    """A schedule as it is stored."""
    return None if schedule is None else Jsonb(schedule_members(schedule))


def read_schedule(members: Mapping[str, Any] | None) -> Schedule | None:
    """A stored schedule."""
    if members is None:
        return None
    hours = [(one["weekday"], time.fromisoformat(one["opens"]), time.fromisoformat(one["closes"])) for one in members["hours"]]
    return Schedule(members["time_zone"], tuple(OpenHours(*one) for one in hours))


def trip_row(org_id: int, device_id: int, trip: Trip) -> dict[str, Any]:
    """Parameters of the trip statements."""
    return {
        "org_id": org_id,
        "trip_id": trip.trip_id,
        "device_id": device_id,
        "planned_start": trip.planned_start,
        "planned_end": trip.planned_end,
        "route": Jsonb([list(point) for point in trip.route]) if trip.route else None,
        "corridor_m": trip.corridor_m,
        "depot": None if trip.depot is None else Jsonb(_circle_members(trip.depot)),
        "route_id": trip.route_id,
    }


def read_trip(row: DictRow, stops: Sequence[PlannedStop], proofs: Sequence[Proof]) -> Trip:
    """A trip with its stops in order and its proofs by time."""
    return Trip(
        row["trip_id"],
        row["device_key"],
        row["planned_start"],
        row["planned_end"],
        tuple((float(point[0]), float(point[1])) for point in row["route"] or ()),
        row["corridor_m"],
        None if row["depot"] is None else Circle(**row["depot"]),
        tuple(stops),
        tuple(proofs),
        row["route_id"],
    )


def stop_row(org_id: int, trip_id: str, position_no: int, stop: PlannedStop) -> dict[str, Any]:
    """Parameters of the stop statements."""
    return {
        "org_id": org_id,
        "trip_id": trip_id,
        "stop_id": stop.stop_id,
        "position_no": position_no,
        "outlet_id": stop.outlet_id,
        **circle_row(stop.place),
        "window_start": stop.window_start,
        "window_end": stop.window_end,
        "planned_service_s": stop.planned_service_s,
        "cases": stop.cases,
        "outlet_class": stop.outlet_class,
        "usual_dwell_s": stop.usual_dwell_s,
    }


def read_stop(row: DictRow) -> PlannedStop:
    """A planned stop."""
    return PlannedStop(
        row["stop_id"],
        row["outlet_id"],
        read_circle(row),
        row["window_start"],
        row["window_end"],
        row["planned_service_s"],
        row["cases"],
        row["outlet_class"],
        row["usual_dwell_s"],
    )


def proof_row(org_id: int, trip_id: str, proof: Proof) -> dict[str, Any]:
    """Parameters of the proof statement."""
    return {
        "org_id": org_id,
        "trip_id": trip_id,
        "stop_id": proof.stop_id,
        "captured_at": proof.captured_at,
        "longitude_e7": _to_e7(proof.longitude_deg),
        "latitude_e7": _to_e7(proof.latitude_deg),
        "accuracy_m": proof.accuracy_m,
    }


def read_proof(row: DictRow) -> Proof:
    """A proof of delivery."""
    place = (_from_e7(row["longitude_e7"]), _from_e7(row["latitude_e7"]))
    return Proof(row["stop_id"], row["captured_at"], *place, row["accuracy_m"])


def _circle_members(circle: Circle) -> dict[str, float]:
    return {"longitude_deg": circle.longitude_deg, "latitude_deg": circle.latitude_deg, "radius_m": circle.radius_m}


def circle_row(circle: Circle) -> dict[str, Any]:
    """Parameters of a place."""
    return {
        "longitude_e7": round(circle.longitude_deg * _E7),
        "latitude_e7": round(circle.latitude_deg * _E7),
        "radius_m": circle.radius_m,
    }


def read_circle(row: DictRow) -> Circle:
    """A place."""
    return Circle(row["longitude_e7"] / _E7, row["latitude_e7"] / _E7, row["radius_m"])


def _to_e7(degrees: float | None) -> int | None:
    return None if degrees is None else round(degrees * _E7)


def _from_e7(value: int | None) -> float | None:
    return None if value is None else value / _E7


def as_stored(trip: Trip) -> Trip:
    """The trip as it will be read back."""
    stops = tuple(replace(stop, place=_rounded_circle(stop.place)) for stop in trip.stops)
    proofs = tuple(
        replace(proof, longitude_deg=_from_e7(_to_e7(proof.longitude_deg)), latitude_deg=_from_e7(_to_e7(proof.latitude_deg)))
        for proof in trip.proofs
    )
    return replace(trip, stops=stops, proofs=proofs)


def _rounded_circle(circle: Circle) -> Circle:
    return replace(
        circle, longitude_deg=round(circle.longitude_deg * _E7) / _E7, latitude_deg=round(circle.latitude_deg * _E7) / _E7
    )
