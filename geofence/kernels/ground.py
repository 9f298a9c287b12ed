"""Metres and headings between places given in 1e-7 degree."""

from __future__ import annotations

import math

from geofence.kernels.compiler import inner_kernel, kernel

_RADIAN_PER_E7 = math.pi / 180.0 * 1e-7
_TURN_E7 = 3_600_000_000.0
_LEAST_NORTH_M, _MOST_M = 0.011057, 0.01117  # metres of 1e-7 degree: north at the equator, and anyhow anywhere


@kernel
def metres_per_e7(latitude_e7: float) -> tuple[float, float]:
    """Metres east and north of 1e-7 degree at a latitude, on WGS84; series of the meridian and the parallel to third order."""
    cosine = math.cos(latitude_e7 * _RADIAN_PER_E7)
    east = cosine * (111_412.84 - 93.5 * (4.0 * cosine * cosine - 3.0))
    north = 111_132.954 - 559.822 * (2.0 * cosine * cosine - 1.0)
    return east * 1e-7, north * 1e-7


@kernel
def east_e7(from_e7: float, to_e7: float) -> float:
    """Difference of longitudes the short way round."""
    difference = float(to_e7) - float(from_e7)
    if difference > 0.5 * _TURN_E7:
        return difference - _TURN_E7
    if difference < -0.5 * _TURN_E7:
        return difference + _TURN_E7
    return difference


@kernel
def metres(longitude_e7: float, latitude_e7: float, to_longitude_e7: float, to_latitude_e7: float) -> float:
    """Distance, exact to 0.1 % within 100 km and away from the poles."""
    east, north = metres_per_e7(0.5 * (float(latitude_e7) + float(to_latitude_e7)))
    x = east_e7(longitude_e7, to_longitude_e7) * east
    y = (float(to_latitude_e7) - float(latitude_e7)) * north
    return math.sqrt(x * x + y * y)


@inner_kernel
def is_within(longitude_e7: float, latitude_e7: float, to_longitude_e7: float, to_latitude_e7: float, most_m: float) -> bool:
    """`metres(...) <= most_m`; mostly told by bounds, without a cosine."""
    north_e7 = abs(float(to_latitude_e7) - float(latitude_e7))
    if north_e7 * _LEAST_NORTH_M > most_m:
        return False
    if (abs(east_e7(longitude_e7, to_longitude_e7)) + north_e7) * _MOST_M <= most_m:
        return True
    return metres(longitude_e7, latitude_e7, to_longitude_e7, to_latitude_e7) <= most_m


@kernel
def course(longitude_e7: float, latitude_e7: float, to_longitude_e7: float, to_latitude_e7: float) -> float:
    """Degrees clockwise from north, 0 to 360."""
    east, north = metres_per_e7(0.5 * (float(latitude_e7) + float(to_latitude_e7)))
    x = east_e7(longitude_e7, to_longitude_e7) * east
    y = (float(to_latitude_e7) - float(latitude_e7)) * north
    degrees = math.degrees(math.atan2(x, y))
    return degrees + 360.0 if degrees < 0.0 else abs(degrees)


@inner_kernel
def turn(one_deg: float, other_deg: float) -> float:
    """Angle between two courses, 0 to 180."""
    apart_deg = one_deg - other_deg + 180.0
    if not 0.0 <= apart_deg < 360.0:  # seldom, and `%` takes longer than all the rest
        apart_deg %= 360.0
    return abs(apart_deg - 180.0)


@inner_kernel
def off_segment(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float]:
    """Distance of a point from a segment in a plane, and the share of the segment at the nearest place, 0 to 1."""
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy
    share = 0.0
    if square > 0.0:
        share = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / square))
    return math.sqrt((x - x0 - share * dx) ** 2 + (y - y0 - share * dy) ** 2), share
