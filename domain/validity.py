"""Plans and places that cannot be meant are refused here, naming the field, before anything is judged by them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import combinations
from typing import Final, cast

from domain.errors import InvalidInputError
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.zones import Zone

ON_TOP_M = 1.0
_METRES_PER_DEGREE = 111_195.0


def check_trip(trip: Trip, path: str = "trip") -> None:
    """Raise InvalidInputError for a trip that cannot be judged; `path` prefixes the field's name."""
    _check_name(trip.trip_id, f"{path}.trip_id")
    _check_name(trip.device_id, f"{path}.device_id")
    _check_aware(trip.planned_start, f"{path}.planned_start")
    _check_aware(trip.planned_end, f"{path}.planned_end")
    _check_span(trip.planned_start, trip.planned_end, f"{path}.planned_end")
    _check_route(trip.route, f"{path}.route")
    if trip.corridor_m is not None:
        _check_positive(trip.corridor_m, f"{path}.corridor_m")
    if trip.depot is not None:
        check_circle(trip.depot, f"{path}.depot")
    for number, stop in enumerate(trip.stops):
        _check_stop(stop, f"{path}.stops.{number}")
    _check_apart(trip.stops, f"{path}.stops")
    known = {stop.stop_id for stop in trip.stops}
    for number, proof in enumerate(trip.proofs):
        check_proof(proof, known, f"{path}.proofs.{number}")


def check_proof(proof: Proof, known_stops: Collection[str], path: str = "proof") -> None:
    """Raise InvalidInputError for a proof of no stop of its trip, or from nowhere on Earth."""
    if proof.stop_id not in known_stops:
        raise InvalidInputError(f"{path}.stop_id", f"the trip has no stop {proof.stop_id!r}")
    _check_aware(proof.captured_at, f"{path}.captured_at")
    if (proof.longitude_deg is None) != (proof.latitude_deg is None):
        raise InvalidInputError(f"{path}.longitude_deg", "goes together with latitude_deg")
    if proof.longitude_deg is not None and proof.latitude_deg is not None:
        check_point(proof.longitude_deg, proof.latitude_deg, path)
    if proof.accuracy_m is not None and not (math.isfinite(proof.accuracy_m) and proof.accuracy_m >= 0):
        raise InvalidInputError(f"{path}.accuracy_m", f"must not be negative, but is {proof.accuracy_m}")


def check_circle(place: Circle, path: str) -> None:
    """Raise InvalidInputError for a circle that is nowhere or has no extent."""
    check_point(place.longitude_deg, place.latitude_deg, path)
    _check_positive(place.radius_m, f"{path}.radius_m")


def check_point(longitude_deg: float, latitude_deg: float, path: str) -> None:
    """Raise InvalidInputError for a position that is not on the Earth."""
    if not -180 <= longitude_deg <= 180:
        raise InvalidInputError(f"{path}.longitude_deg", f"must be from -180 to 180, not {longitude_deg}")
    if not -90 <= latitude_deg <= 90:
        raise InvalidInputError(f"{path}.latitude_deg", f"must be from -90 to 90, not {latitude_deg}")


_DEPTHS: Final = {"Point": 0, "LineString": 1, "Polygon": 2, "MultiPolygon": 3}
"""How deep the positions of a geometry lie."""


def check_zone(zone: Zone, path: str = "zone") -> None:
    """Raise InvalidInputError for a zone without a usable geometry, extent or validity."""
    _check_name(zone.zone_id, f"{path}.zone_id")
    _check_aware(zone.valid_from, f"{path}.valid_from")
    _check_aware(zone.valid_until, f"{path}.valid_until")
    kind = zone.geometry.get("type")
    coordinates = zone.geometry.get("coordinates")
    if not isinstance(kind, str) or kind not in _DEPTHS:
        raise InvalidInputError(f"{path}.geometry.type", f"must be Point, LineString, Polygon or MultiPolygon, not {kind!r}")
    if not isinstance(coordinates, Sequence) or not coordinates:
        raise InvalidInputError(f"{path}.geometry.coordinates", "must not be empty")
    _check_positions(coordinates, _DEPTHS[kind], f"{path}.geometry.coordinates")
    if kind == "Point":
        _check_given(zone.radius_m, f"{path}.radius_m", "a Point needs a radius")
        check_point(coordinates[0], coordinates[1], f"{path}.geometry")
    if kind == "LineString":
        _check_given(zone.width_m, f"{path}.width_m", "a LineString needs a width")
        _check_route(coordinates, f"{path}.geometry.coordinates")
    if kind == "Polygon":
        _check_polygon(coordinates, f"{path}.geometry.coordinates")
    if kind == "MultiPolygon":
        for number, polygon in enumerate(coordinates):
            _check_polygon(polygon, f"{path}.geometry.coordinates.{number}")
    if zone.valid_from is not None and zone.valid_until is not None:
        _check_span(zone.valid_from, zone.valid_until, f"{path}.valid_until")


def _check_positions(coordinates: object, depth: int, path: str) -> None:
    is_list = isinstance(coordinates, Sequence) and not isinstance(coordinates, str)
    if depth and is_list:
        for number, part in enumerate(cast("Sequence[object]", coordinates)):
            _check_positions(part, depth - 1, f"{path}.{number}")
        return
    numbers = cast("Sequence[object]", coordinates)[:2] if is_list else ()
    if depth or len(numbers) < 2 or not all(isinstance(one, int | float) for one in numbers):
        raise InvalidInputError(path, "must be a list of positions" if depth else "must be a longitude and a latitude")


def _check_polygon(rings: Sequence[Sequence[Sequence[float]]], path: str) -> None:
    for number, ring in enumerate(rings):
        if len({tuple(point[:2]) for point in ring}) < 3:
            raise InvalidInputError(f"{path}.{number}", "a ring needs three different points")
        for index, point in enumerate(ring):
            check_point(point[0], point[1], f"{path}.{number}.{index}")


def _check_route(route: Sequence[Sequence[float]], path: str) -> None:
    if not route:
        return
    for number, point in enumerate(route):
        check_point(point[0], point[1], f"{path}.{number}")
    if len({tuple(point[:2]) for point in route}) < 2:
        raise InvalidInputError(path, "a line needs two different points")


def _check_stop(stop: PlannedStop, path: str) -> None:
    _check_name(stop.stop_id, f"{path}.stop_id")
    check_circle(stop.place, path)
    _check_aware(stop.window_start, f"{path}.window_start")
    _check_aware(stop.window_end, f"{path}.window_end")
    if stop.window_start is not None and stop.window_end is not None:
        _check_span(stop.window_start, stop.window_end, f"{path}.window_end")
    for name in ("planned_service_s", "cases", "usual_dwell_s"):
        value = getattr(stop, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise InvalidInputError(f"{path}.{name}", f"must not be negative, but is {value}")


def _check_apart(stops: Sequence[PlannedStop], path: str) -> None:
    for (first, one), (second, other) in combinations(enumerate(stops), 2):
        if one.stop_id == other.stop_id:
            raise InvalidInputError(f"{path}.{second}.stop_id", f"{other.stop_id!r} is the name of stop {first} too")
        if _apart_m(one.place, other.place) < ON_TOP_M:
            raise InvalidInputError(f"{path}.{second}", f"lies on top of stop {first} ({one.stop_id!r}); make them one stop")


def _apart_m(one: Circle, other: Circle) -> float:
    east = (other.longitude_deg - one.longitude_deg) * math.cos(math.radians(one.latitude_deg))
    return math.hypot(east, other.latitude_deg - one.latitude_deg) * _METRES_PER_DEGREE


def _check_name(name: str, path: str) -> None:
    if not name.strip() or "\x00" in name:
        raise InvalidInputError(path, "must be text that is not empty")


def _check_aware(moment: datetime | None, path: str) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidInputError(path, "must have a time zone")


def _check_span(start: datetime, end: datetime, path: str) -> None:
    if end <= start:
        raise InvalidInputError(path, f"must be after {start.isoformat()}, but is {end.isoformat()}")


def _check_given(value: float | None, path: str, detail: str) -> None:
    if value is None:
        raise InvalidInputError(path, detail)
    _check_positive(value, path)


def _check_positive(value: float, path: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InvalidInputError(path, f"must be more than 0, but is {value}")
