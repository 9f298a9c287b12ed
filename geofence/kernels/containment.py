"""One zone and one place or movement: containment, signed distance, crossing, validity.

Longitudes in [-180, 180]; a zone that goes on beyond the anti-meridian has an east above 180, and places are moved a turn
towards it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.metres import LEAST_DEGREE_M, NEAR_M, POLEWARD_DEG, far_metres, metres_away, scale_at
from geofence.kernels.outline import (
    any_edge_met,
    any_edge_near,
    edges_between,
    edges_cover,
    edges_of_slab,
    edges_within,
    nearest_on_edge,
    outline_metres,
    slab_at,
)
from geofence.kernels.polar import polar_edge_metres
from geofence.kernels.zone_arrays import (
    CIRCLE,
    CORRIDOR,
    EAST,
    FREE,
    LATITUDE,
    LONGITUDE,
    NORTH,
    REACH,
    ZoneArrays,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

WEEK_US = 7 * 86400 * 1_000_000
_MONDAY_US = 4 * 86400 * 1_000_000  # 1970-01-05, the first Monday


@inlined
def circle_metres(circle: Floats, number: int, longitude_deg: float, latitude_deg: float) -> float:
    """Distance in metres from the centre of circle `number`."""
    east_m = circle[number, EAST]
    if east_m == 0.0:
        return far_metres(circle[number, LONGITUDE], circle[number, LATITUDE], longitude_deg, latitude_deg)
    east, north = longitude_deg - circle[number, LONGITUDE], latitude_deg - circle[number, LATITUDE]
    if east > 180.0:
        east -= 360.0
    elif east < -180.0:
        east += 360.0
    x = east * (east_m + north * (circle[number, EAST + 1] + north * circle[number, EAST + 2]))
    y = north * (circle[number, NORTH] + north * circle[number, NORTH + 1])
    squared = x * x + y * y
    if squared > NEAR_M * NEAR_M:
        return far_metres(circle[number, LONGITUDE], circle[number, LATITUDE], longitude_deg, latitude_deg)
    return math.sqrt(squared)


@inlined
def circle_covers(circle: Floats, number: int, longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a place is at most the radius away from the centre of circle `number`."""
    return bool(circle_metres(circle, number, longitude_deg, latitude_deg) <= circle[number, REACH])


@inlined
def outline_covers(
    edges: Floats,
    slab_first: Integers,
    span: Integers,
    slab: Floats,
    box: Floats,
    number: int,
    reach_m: float,
    longitude_deg: float,
    latitude_deg: float,
) -> bool:
    """Whether a place is inside or on the boundary of area `number`, or within reach of its line where `reach_m` is above 0."""
    if latitude_deg < box[number, 1] or latitude_deg > box[number, 3]:
        return False
    first, last = edges_of_slab(span, slab_first, number, slab_at(span, slab, number, latitude_deg))
    west, east = box[number, 0], box[number, 2]
    # A place on the anti-meridian has two longitudes, and a zone that goes all the way round has it at both ends.
    for turn in range(3):
        x = longitude_deg if turn == 0 else (longitude_deg + 360.0 if turn == 1 else longitude_deg - 360.0)
        if x < west or x > east:
            continue
        if reach_m > 0.0:
            if edges_within(edges, first, last, reach_m, x, latitude_deg):
                return True
        elif edges_cover(edges, first, last, x, latitude_deg):
            return True
    return False


@inner_kernel
def zone_covers(zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a zone covers a place, boundary included."""
    if zones.shape[number] == CIRCLE:
        return circle_covers(zones.circle, number, longitude_deg, latitude_deg)
    if zones.shape[number] == FREE:
        return False
    reach_m = zones.circle[number, REACH]
    return outline_covers(
        zones.edges, zones.slab_first, zones.span, zones.slab, zones.box, number, reach_m, longitude_deg, latitude_deg
    )


@inner_kernel
def turned(longitude_deg: float, west: float, east: float) -> float:
    """The longitude moved by a turn of the Earth if that brings it into, or else nearer to, a zone's west and east."""
    if longitude_deg < west:
        eastern = longitude_deg + 360.0
        return eastern if eastern - east <= west - longitude_deg else longitude_deg
    if longitude_deg > east:
        western = longitude_deg - 360.0
        return western if west - western <= longitude_deg - east else longitude_deg
    return longitude_deg


@inlined
def signed_distance_m(zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float, limit_m: float) -> float:
    """Metres to a zone's boundary, negative inside; cut to [-limit_m, limit_m], and the less the limit the quicker.

    `limit_m` may be infinite. The result is at most 0 exactly where `zone_covers`.
    """
    reach_m = zones.circle[number, REACH]
    if zones.shape[number] == CIRCLE:
        distance_m = circle_metres(zones.circle, number, longitude_deg, latitude_deg) - reach_m
        return float(max(-limit_m, min(limit_m, distance_m)))
    edges, slab_first, span, slab, box = zones.edges, zones.slab_first, zones.span, zones.slab, zones.box
    x = turned(longitude_deg, box[number, 0], box[number, 2])
    distance_m = outline_metres(edges, slab_first, span, slab, box, number, x, latitude_deg, limit_m + reach_m)
    if zones.shape[number] == CORRIDOR:
        return float(max(-limit_m, min(limit_m, distance_m - reach_m)))
    inside = outline_covers(edges, slab_first, span, slab, box, number, 0.0, longitude_deg, latitude_deg)
    return -distance_m if inside else distance_m


@inner_kernel
def circle_crossed(circle: Floats, number: int, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether a movement comes within a circle's radius of its centre."""
    centre_x, centre_y = circle[number, LONGITUDE], circle[number, LATITUDE]
    if max(abs(centre_y), abs(ay), abs(by)) > POLEWARD_DEG:
        return bool(polar_edge_metres(ax, ay, bx, by, centre_x, centre_y) <= circle[number, REACH])
    scale = scale_at(centre_y)
    east, north = nearest_on_edge(ax, ay, bx, by, centre_x, centre_y, scale[0], scale[3])
    if metres_away(scale, centre_x, centre_y, east, north) <= circle[number, REACH]:
        return True
    return circle_covers(circle, number, ax, ay) or circle_covers(circle, number, bx, by)


@inner_kernel
def movement_touches(zones: ZoneArrays, number: int, ax: float, ay: float, bx: float, by: float) -> bool:
    """`zone_crossed` for longitudes in the zone's own turn of the Earth."""
    reach_m = zones.circle[number, REACH]
    if zones.shape[number] == CIRCLE:
        return circle_crossed(zones.circle, number, ax, ay, bx, by)
    edges, slab_first, span, slab = zones.edges, zones.slab_first, zones.span, zones.slab
    margin = 1.001 * reach_m / LEAST_DEGREE_M
    first, last = edges_between(span, slab_first, slab, number, min(ay, by) - margin, max(ay, by) + margin)
    if zones.shape[number] == CORRIDOR:
        return any_edge_near(edges, first, last, reach_m, ax, ay, bx, by)
    if outline_covers(edges, slab_first, span, slab, zones.box, number, 0.0, ax, ay):
        return True
    return any_edge_met(edges, first, last, ax, ay, bx, by)


@inlined
def zone_crossed(
    zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float, to_longitude_deg: float, to_latitude_deg: float
) -> bool:
    """Whether the straight movement between two places touches a zone; it takes the short way round the Earth."""
    west, south, east, north = zones.box[number, 0], zones.box[number, 1], zones.box[number, 2], zones.box[number, 3]
    if max(latitude_deg, to_latitude_deg) < south or min(latitude_deg, to_latitude_deg) > north:
        return False
    far_end = to_longitude_deg
    if to_longitude_deg - longitude_deg > 180.0:
        far_end -= 360.0
    elif to_longitude_deg - longitude_deg < -180.0:
        far_end += 360.0
    for turn in range(-1, 2):
        ax, bx = longitude_deg + 360.0 * turn, far_end + 360.0 * turn
        if max(ax, bx) < west or min(ax, bx) > east:
            continue
        if movement_touches(zones, number, ax, latitude_deg, bx, to_latitude_deg):
            return True
    return False


@inlined
def is_open(zones: ZoneArrays, number: int, at_us: int) -> bool:
    """Whether a zone is valid, and its schedule open, at a moment in microseconds since 1970 UTC."""
    if at_us < zones.valid_us[number, 0] or at_us >= zones.valid_us[number, 1]:
        return False
    week = zones.schedule[number]
    if week < 0:
        return True
    first, count, clock, clocks = zones.week[week, 0], zones.week[week, 1], zones.week[week, 2], zones.week[week, 3]
    change = np.searchsorted(zones.clock_us[clock : clock + clocks, 0], at_us, side="right") - 1
    local_us = at_us + zones.clock_us[clock + max(0, change), 1]
    since_monday_us = (local_us - _MONDAY_US) % WEEK_US
    for row in range(first, first + count):
        if zones.window_us[row, 0] <= since_monday_us < zones.window_us[row, 1]:
            return True
    return False
