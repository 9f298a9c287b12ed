"""Whether a plan makes sense, checked in one place for everybody who takes one: the refusal names the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import cos, hypot, isfinite, radians
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.zones import Zone

_SAME_PLACE_M: Final = 1.0
_METRES_PER_DEGREE: Final = 111_195.0  # of a great circle on the mean Earth
_RING_POSITIONS: Final = 4
_DEPTHS: Final = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


def check_zone(zone: Zone) -> None:
    """Raise InvalidInputError naming the first field of `zone` that no place can have."""
    _check_name("zone_id", zone.zone_id)
    _check_moment("valid_from", zone.valid_from)
    _check_moment("valid_until", zone.valid_until)
    if zone.valid_from and zone.valid_until and zone.valid_until <= zone.valid_from:
        raise InvalidInputError("valid_until", "must be after valid_from")
    for field in ("radius_m", "width_m", "speed_limit_mps"):
        _check_positive(field, getattr(zone, field))
    kind = _check_geometry(zone.geometry)
    if kind == "Point" and zone.radius_m is None:
        raise InvalidInputError("radius_m", "a Point needs a radius to be a circle")
    if kind.endswith("LineString") and zone.width_m is None:
        raise InvalidInputError("width_m", "a line needs a width on each side to be a corridor")


def check_trip(trip: Trip) -> None:
    """Raise InvalidInputError naming the first field of `trip` that contradicts itself, such as `stops.3.window_end`."""
    _check_name("trip_id", trip.trip_id)
    _check_name("device_id", trip.device_id)
    _check_moment("planned_start", trip.planned_start)
    _check_moment("planned_end", trip.planned_end)
    if trip.planned_end <= trip.planned_start:
        raise InvalidInputError("planned_end", "must be after planned_start")
    _check_route(trip)
    if trip.depot is not None:
        _check_circle("depot", trip.depot)
    for number, stop in enumerate(trip.stops):
        _check_stop(f"stops.{number}", stop)
        _check_against_earlier(number, trip.stops)
    known = {stop.stop_id for stop in trip.stops}
    for number, proof in enumerate(trip.proofs):
        check_proof(f"proofs.{number}", proof, known)


def check_proof(path: str, proof: Proof, known_stops: set[str]) -> None:
    """Raise InvalidInputError when a proof is of no stop of the trip, or of no place on Earth."""
    if proof.stop_id not in known_stops:
        raise InvalidInputError(f"{path}.stop_id", f"the trip has no stop {proof.stop_id!r}")
    _check_moment(f"{path}.captured_at", proof.captured_at)
    if (proof.longitude_deg is None) != (proof.latitude_deg is None):
        raise InvalidInputError(f"{path}.longitude_deg", "longitude and latitude go together")
    if proof.longitude_deg is not None and proof.latitude_deg is not None:
        _check_place(path, proof.longitude_deg, proof.latitude_deg)
    if proof.accuracy_m is not None and not (isfinite(proof.accuracy_m) and proof.accuracy_m >= 0):
        raise InvalidInputError(f"{path}.accuracy_m", "must be a finite number of metres, at least 0")


def _check_route(trip: Trip) -> None:
    if len(trip.route) == 1:
        raise InvalidInputError("route", "one point is no line; give two or more, or none")
    for number, (longitude_deg, latitude_deg) in enumerate(trip.route):
        _check_place(f"route.{number}", longitude_deg, latitude_deg)
    if len(trip.route) > 1 and len(set(trip.route)) == 1:
        raise InvalidInputError("route", "all points are the same place")
    _check_positive("corridor_m", trip.corridor_m)


def _check_stop(path: str, stop: PlannedStop) -> None:
    _check_name(f"{path}.stop_id", stop.stop_id)
    _check_circle(path, stop.place)
    _check_moment(f"{path}.window_start", stop.window_start)
    _check_moment(f"{path}.window_end", stop.window_end)
    if stop.window_start and stop.window_end and stop.window_end < stop.window_start:
        raise InvalidInputError(f"{path}.window_end", "is before window_start")
    for field in ("planned_service_s", "cases"):
        value = getattr(stop, field)
        if value is not None and not (isfinite(value) and value >= 0):
            raise InvalidInputError(f"{path}.{field}", "must be a finite number, at least 0")


def _check_against_earlier(number: int, stops: Sequence[PlannedStop]) -> None:
    stop = stops[number]
    for other in stops[:number]:
        if other.stop_id == stop.stop_id:
            raise InvalidInputError(f"stops.{number}.stop_id", f"{stop.stop_id!r} is there twice")
        if _separation_m(other.place, stop.place) < _SAME_PLACE_M and _may_coincide(other, stop):
            raise InvalidInputError(
                f"stops.{number}.longitude_deg",
                f"lies on top of stop {other.stop_id!r}; make them one, or give them windows that do not overlap",
            )


def _may_coincide(one: PlannedStop, other: PlannedStop) -> bool:
    """A place may be visited twice on a trip, but then something has to tell the visits apart."""
    for first, second in ((one, other), (other, one)):
        if first.window_end and second.window_start and first.window_end <= second.window_start:
            return False
    return True


def _separation_m(one: Circle, other: Circle) -> float:
    east_deg = (one.longitude_deg - other.longitude_deg + 180.0) % 360.0 - 180.0
    north_deg = one.latitude_deg - other.latitude_deg
    return _METRES_PER_DEGREE * hypot(east_deg * cos(radians(one.latitude_deg)), north_deg)


def _check_circle(path: str, circle: Circle) -> None:
    _check_place(path, circle.longitude_deg, circle.latitude_deg)
    _check_positive(f"{path}.radius_m", circle.radius_m)


def _check_place(path: str, longitude_deg: float, latitude_deg: float) -> None:
    if not -180.0 <= longitude_deg <= 180.0:
        raise InvalidInputError(f"{path}.longitude_deg", f"{longitude_deg!r} is not between -180 and 180")
    if not -90.0 <= latitude_deg <= 90.0:
        raise InvalidInputError(f"{path}.latitude_deg", f"{latitude_deg!r} is not between -90 and 90")


def _check_name(path: str, name: str) -> None:
    if not name.strip() or "\x00" in name:
        raise InvalidInputError(path, "must be a name that is not empty")


def _check_moment(path: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidInputError(path, "must have a time zone")


def _check_positive(path: str, value: float | None) -> None:
    if value is not None and not (isfinite(value) and value > 0):
        raise InvalidInputError(path, "must be a finite number above 0")


def _check_geometry(geometry: Mapping[str, Any]) -> str:
    kind = geometry.get("type")
    if not isinstance(kind, str) or kind not in _DEPTHS:
        raise InvalidInputError("geometry.type", f"must be one of {', '.join(_DEPTHS)}")
    coordinates = geometry.get("coordinates")
    _check_coordinates("geometry.coordinates", coordinates, _DEPTHS[kind], is_ring=kind.endswith("Polygon"))
    return kind


def _check_coordinates(path: str, value: Any, depth: int, *, is_ring: bool) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InvalidInputError(path, "must be a list that is not empty")
    if depth == 0:
        _check_position(path, value)
        return
    for number, part in enumerate(value):
        _check_coordinates(f"{path}.{number}", part, depth - 1, is_ring=is_ring)
    if depth == 1:
        _check_line(path, value, is_ring=is_ring)


def _check_line(path: str, positions: Sequence[Sequence[float]], *, is_ring: bool) -> None:
    if is_ring and (len(positions) < _RING_POSITIONS or list(positions[0]) != list(positions[-1])):
        raise InvalidInputError(path, "a ring has at least four positions, of which the last is the first again")
    if len({tuple(position) for position in positions}) < 2:
        raise InvalidInputError(path, "all positions are the same place")


def _check_position(path: str, value: Sequence[Any]) -> None:
    if len(value) < 2 or any(isinstance(part, bool) or not isinstance(part, int | float) for part in value):
        raise InvalidInputError(path, "must be [longitude, latitude] in degrees")
    _check_place(path, value[0], value[1])
