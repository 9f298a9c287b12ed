"""How far places are from where something happened. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point, mapping, shape
from shapely.geometry.base import BaseGeometry

from domain.trips import Circle, LonLat
from domain.zones import Zone
from evidence.dossier import NearPlace
from store.rounds import RoundStop

_EARTH_M: Final = 6_371_008.8
_CIRCLE_SEGMENTS: Final = 12  # for each quarter
Points = NDArray[np.float64]
Project = Callable[[Points], Points]


def nearest(place: LonLat, zones: Iterable[Zone], stops: Iterable[RoundStop], *, within_m: float, most: int) -> list[NearPlace]:
    """The zones and stops whose boundary is within `within_m` of `place`, or around it; nearest first, at most `most`."""
    near = [_zone(place, zone) for zone in zones] + [_stop(place, stop) for stop in stops]
    close = [one for one in near if one.distance_m <= within_m]
    return sorted(close, key=lambda one: (one.distance_m, one.what, one.identifier))[:most]


def _zone(place: LonLat, zone: Zone) -> NearPlace:
    area = _area(place, shape(zone.geometry), (zone.radius_m or 0.0) + (zone.width_m or 0.0))
    return _near(place, area, zone.kind.value, zone.zone_id, zone.name)


def _stop(place: LonLat, stop: RoundStop) -> NearPlace:
    circle: Circle = stop.place
    area = _area(place, Point(circle.longitude_deg, circle.latitude_deg), circle.radius_m)
    return _near(place, area, "stop", stop.stop_id, stop.outlet_name or stop.outlet_id or stop.stop_id)


def _near(place: LonLat, area: BaseGeometry, what: str, identifier: str, name: str) -> NearPlace:
    """`area` in metres east and north of `place`."""
    here = Point(0.0, 0.0)
    distance_m = -here.distance(area.boundary) if area.covers(here) else here.distance(area)
    outline = mapping(shapely.set_precision(shapely.transform(area, _to_degrees(place)), 1e-7))
    return NearPlace(what, identifier, name, round(distance_m, 1), outline)


def _area(place: LonLat, geometry: BaseGeometry, widened_m: float) -> BaseGeometry:
    area = shapely.transform(geometry, _to_metres(place))
    area = area.buffer(widened_m, quad_segs=_CIRCLE_SEGMENTS) if widened_m else area
    return area if area.is_valid else shapely.make_valid(area)


def _to_metres(origin: LonLat) -> Project:
    """Degrees to metres on the plane that touches the sphere at `origin`; good to a thousandth within some ten kilometres."""

    def project(degrees: Points) -> Points:
        east_deg = (degrees[:, 0] - origin[0] + 180.0) % 360.0 - 180.0
        return np.column_stack([east_deg, degrees[:, 1] - origin[1]]) * _scale(origin)

    return project


def _to_degrees(origin: LonLat) -> Project:
    def project(metres: Points) -> Points:
        return np.asarray(metres / _scale(origin) + np.asarray(origin))

    return project


def _scale(origin: LonLat) -> Points:
    """Metres in a degree east, and in one north."""
    north_m = math.radians(1.0) * _EARTH_M
    return np.array([max(north_m * math.cos(math.radians(origin[1])), 1e-6), north_m])
