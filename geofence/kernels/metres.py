"""Metres between places given in degrees on the WGS84 ellipsoid.

Near (up to some tens of kilometres): Gauss's mid-latitude formula, the lengths of a degree developed to second order about
one end, so that many distances from one place need its sine and cosine only once. Far, and near the poles: the straight
chord through the Earth, turned into an arc of the mean radius of curvature. Bounds are in docs/geofence-index.md.
"""

from __future__ import annotations

import math

from geofence.kernels.compiler import inlined, inner_kernel, kernel

EQUATOR_M = 6378137.0
ECCENTRICITY_SQUARED = 0.0066943799901413165
_RADIAN = math.pi / 180.0

# One degree of latitude is at least this long anywhere, in metres.
LEAST_DEGREE_M = 110574.0
POLEWARD_DEG = 75.0
NEAR_DEG = 0.05
NEAR_M = 5500.0


@kernel
def scale_at(latitude_deg: float) -> tuple[float, float, float, float, float]:
    """Metres per degree about a latitude, for `metres_east` and `metres_north`.

    The derivative of the parallel's radius by latitude is minus the meridian's radius of curvature times the sine.
    """
    sine = math.sin(latitude_deg * _RADIAN)
    cosine = math.cos(latitude_deg * _RADIAN)
    squashed = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    normal = EQUATOR_M / math.sqrt(squashed)
    meridian = normal * (1.0 - ECCENTRICITY_SQUARED) / squashed
    meridian_slope = 3.0 * meridian * ECCENTRICITY_SQUARED * sine * cosine / squashed
    return (
        _RADIAN * normal * cosine,
        -0.5 * _RADIAN * _RADIAN * meridian * sine,
        -0.125 * _RADIAN * _RADIAN * _RADIAN * (meridian * cosine + meridian_slope * sine),
        _RADIAN * meridian,
        0.5 * _RADIAN * _RADIAN * meridian_slope,
    )


@inlined
def near_metres_squared(scale: tuple[float, float, float, float, float], east_deg: float, north_deg: float) -> float:
    """Squared distance in square metres to the place `east_deg`, `north_deg` away from where `scale` was taken."""
    x = east_deg * (scale[0] + north_deg * (scale[1] + north_deg * scale[2]))
    y = north_deg * (scale[3] + north_deg * scale[4])
    return x * x + y * y


@inner_kernel
def earth_centred(longitude_deg: float, latitude_deg: float) -> tuple[float, float, float]:
    """Metres from the Earth's centre towards (0 E, 0 N), (90 E, 0 N) and the north pole, on the ellipsoid."""
    sine = math.sin(latitude_deg * _RADIAN)
    normal = EQUATOR_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    across = normal * math.cos(latitude_deg * _RADIAN)
    return (
        across * math.cos(longitude_deg * _RADIAN),
        across * math.sin(longitude_deg * _RADIAN),
        normal * (1.0 - ECCENTRICITY_SQUARED) * sine,
    )


@inner_kernel
def far_metres(longitude_deg: float, latitude_deg: float, to_longitude_deg: float, to_latitude_deg: float) -> float:
    """Distance by the chord, right at the poles, across the anti-meridian and over long ways."""
    x1, y1, z1 = earth_centred(longitude_deg, latitude_deg)
    x2, y2, z2 = earth_centred(to_longitude_deg, to_latitude_deg)
    dx, dy, dz = x2 - x1, y2 - y1, z2 - z1
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    middle = math.sqrt((x1 + x2) ** 2 + (y1 + y2) ** 2 + (z1 + z2) ** 2)
    if middle == 0.0:
        return math.pi * EQUATOR_M
    sine = (z1 + z2) / middle
    squashed = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    normal = EQUATOR_M / math.sqrt(squashed)
    meridian = normal * (1.0 - ECCENTRICITY_SQUARED) / squashed
    # Euler's radius of curvature along the chord: its northward share decides between the two principal radii.
    across = math.sqrt((x1 + x2) ** 2 + (y1 + y2) ** 2)
    east = 0.0 if across == 0.0 else (dy * (x1 + x2) - dx * (y1 + y2)) / across
    share = 1.0 if chord == 0.0 else min(1.0, (east / chord) ** 2)
    radius = 1.0 / (share / normal + (1.0 - share) / meridian)
    return 2.0 * radius * math.asin(min(1.0, chord / (2.0 * radius)))


@inner_kernel
def metres_away(
    scale: tuple[float, float, float, float, float],
    longitude_deg: float,
    latitude_deg: float,
    east_deg: float,
    north_deg: float,
) -> float:
    """Distance in metres from a place to the one `east_deg`, `north_deg` away; `scale` is that of `latitude_deg`."""
    if abs(north_deg) <= NEAR_DEG and abs(east_deg) <= NEAR_DEG and abs(latitude_deg) <= POLEWARD_DEG:
        return math.sqrt(near_metres_squared(scale, east_deg, north_deg))
    return far_metres(longitude_deg, latitude_deg, longitude_deg + east_deg, latitude_deg + north_deg)


@kernel
def metres_between(longitude_deg: float, latitude_deg: float, to_longitude_deg: float, to_latitude_deg: float) -> float:
    """Distance in metres between two places, longitudes in any turn of the Earth."""
    east = to_longitude_deg - longitude_deg
    if east > 180.0:
        east -= 360.0
    elif east < -180.0:
        east += 360.0
    return metres_away(scale_at(latitude_deg), longitude_deg, latitude_deg, east, to_latitude_deg - latitude_deg)
