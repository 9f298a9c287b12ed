"""One zone and one place or movement: containment, signed distance, crossing, validity.

Longitudes in [-180, 180]; a zone that goes on beyond the anti-meridian has an east above 180, and places are moved a turn
towards it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel
from geofence.kernels.metres import NEAR_M, far_metres, metres_away, metres_between, scale_at
from geofence.kernels.outline import (
    corridor_crossed,
    edges_cover,
    edges_of_slab,
    nearest_on_edge,
    outline_crossed,
    outline_metres,
    slab_of,
)
from geofence.kernels.zone_arrays import (
    AREA,
    CIRCLE,
    CORRIDOR,
    EAST,
    FREE,
    LATITUDE,
    LONGITUDE,
    NORTH,
    REACH,
    SLAB_COUNT,
    ZoneArrays,
)

Floats = NDArray[np.float64]

WEEK_US = 7 * 86400 * 1_000_000
_MONDAY_US = 4 * 86400 * 1_000_000  # 1970-01-05, the first Monday


@kernel
def turned(longitude_deg: float, box: Floats) -> float:
    """The longitude moved by a turn of the Earth if that brings it into, or else nearer to, the zone's box."""
    if longitude_deg < box[0]:
        eastern = longitude_deg + 360.0
        return eastern if eastern - box[2] <= box[0] - longitude_deg else longitude_deg
    if longitude_deg > box[2]:
        western = longitude_deg - 360.0
        return western if box[0] - western <= longitude_deg - box[2] else longitude_deg
    return longitude_deg


@kernel
def circle_metres(circle: Floats, longitude_deg: float, latitude_deg: float) -> float:
    """Distance in metres from a circle's centre; `longitude_deg` as `turned`."""
    if circle[EAST] == 0.0:
        return far_metres(circle[LONGITUDE], circle[LATITUDE], longitude_deg, latitude_deg)
    east, north = longitude_deg - circle[LONGITUDE], latitude_deg - circle[LATITUDE]
    x = east * (circle[EAST] + north * (circle[EAST + 1] + north * circle[EAST + 2]))
    y = north * (circle[NORTH] + north * circle[NORTH + 1])
    squared = x * x + y * y
    if squared > NEAR_M * NEAR_M:
        return far_metres(circle[LONGITUDE], circle[LATITUDE], longitude_deg, latitude_deg)
    return math.sqrt(squared)


@kernel
def circle_covers(circle: Floats, box: Floats, longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a place is at most the radius away from a circle's centre."""
    x = turned(longitude_deg, box)
    if x < box[0] or x > box[2] or latitude_deg < box[1] or latitude_deg > box[3]:
        return False
    return bool(circle_metres(circle, x, latitude_deg) <= circle[REACH])


@kernel
def outline_covers(zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a place is inside or on the boundary of an area, or within reach of a corridor's line."""
    box = zones.box[number]
    if latitude_deg < box[1] or latitude_deg > box[3]:
        return False
    span, slab = zones.span[number], zones.slab[number]
    first, last = edges_of_slab(slab_of(latitude_deg, slab[0], slab[1], span[SLAB_COUNT]), span, zones.slab_first)
    # A place on the anti-meridian has two longitudes, and a zone that goes all the way round has it at both ends.
    for turn in range(-1, 2):
        x = longitude_deg + 360.0 * turn
        if x < box[0] or x > box[2]:
            continue
        if zones.shape[number] == AREA:
            if edges_cover(zones.edges, first, last, x, latitude_deg):
                return True
        elif corridor_covers(zones.edges, first, last, zones.circle[number, REACH], x, latitude_deg):
            return True
    return False


@kernel
def corridor_covers(edges: Floats, first: int, last: int, reach_m: float, x: float, y: float) -> bool:
    """Whether a place is within reach of one of some edges."""
    scale = scale_at(y)
    for row in range(first, last):
        east, north = nearest_on_edge(edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3], x, y, scale[0], scale[3])
        if metres_away(scale, x, y, east, north) <= reach_m:
            return True
    return False


@kernel
def zone_covers(zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a zone covers a place, boundary included."""
    if zones.shape[number] == CIRCLE:
        return circle_covers(zones.circle[number], zones.box[number], longitude_deg, latitude_deg)
    if zones.shape[number] == FREE:
        return False
    return outline_covers(zones, number, longitude_deg, latitude_deg)


@kernel
def signed_distance_m(zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float, limit_m: float) -> float:
    """Metres to a zone's boundary, negative inside; cut to [-limit_m, limit_m], and the less the limit the quicker.

    `limit_m` may be infinite. The result is at most 0 exactly where `zone_covers`.
    """
    box = zones.box[number]
    x = turned(longitude_deg, box)
    if zones.shape[number] == CIRCLE:
        distance_m = circle_metres(zones.circle[number], x, latitude_deg) - zones.circle[number, REACH]
        return float(max(-limit_m, min(limit_m, distance_m)))
    reach_m = zones.circle[number, REACH]
    distance_m = outline_metres(
        zones.edges,
        zones.slab_first,
        zones.span[number],
        zones.slab[number],
        box,
        x,
        latitude_deg,
        limit_m + reach_m,
    )
    if zones.shape[number] == CORRIDOR:
        return float(max(-limit_m, min(limit_m, distance_m - reach_m)))
    return -distance_m if outline_covers(zones, number, longitude_deg, latitude_deg) else distance_m


@kernel
def circle_crossed(circle: Floats, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether a movement comes within a circle's radius of its centre."""
    scale = scale_at(circle[LATITUDE])
    east, north = nearest_on_edge(ax, ay, bx, by, circle[LONGITUDE], circle[LATITUDE], scale[0], scale[3])
    x, y = circle[LONGITUDE] + east, circle[LATITUDE] + north
    return bool(
        metres_between(circle[LONGITUDE], circle[LATITUDE], x, y) <= circle[REACH]
        or circle_metres(circle, ax, ay) <= circle[REACH]
        or circle_metres(circle, bx, by) <= circle[REACH]
    )


@kernel
def zone_crossed(
    zones: ZoneArrays, number: int, longitude_deg: float, latitude_deg: float, to_longitude_deg: float, to_latitude_deg: float
) -> bool:
    """Whether the straight movement between two places touches a zone; it takes the short way round the Earth."""
    box = zones.box[number]
    way = to_longitude_deg - longitude_deg
    if way > 180.0:
        way -= 360.0
    elif way < -180.0:
        way += 360.0
    far_end = to_longitude_deg if abs(to_longitude_deg - longitude_deg) <= 180.0 else longitude_deg + way
    if max(latitude_deg, to_latitude_deg) < box[1] or min(latitude_deg, to_latitude_deg) > box[3]:
        return False
    for turn in range(-1, 2):
        ax, bx = longitude_deg + 360.0 * turn, far_end + 360.0 * turn
        if max(ax, bx) < box[0] or min(ax, bx) > box[2]:
            continue
        if movement_touches(zones, number, ax, latitude_deg, bx, to_latitude_deg):
            return True
    return False


@kernel
def movement_touches(zones: ZoneArrays, number: int, ax: float, ay: float, bx: float, by: float) -> bool:
    """`zone_crossed` for longitudes in the zone's own turn of the Earth."""
    if zones.shape[number] == CIRCLE:
        return circle_crossed(zones.circle[number], ax, ay, bx, by)
    span, slab = zones.span[number], zones.slab[number]
    if zones.shape[number] == CORRIDOR:
        return corridor_crossed(zones.edges, zones.slab_first, span, slab, zones.circle[number, REACH], ax, ay, bx, by)
    box = zones.box[number]
    if box[0] <= ax <= box[2] and box[1] <= ay <= box[3]:
        first, last = edges_of_slab(slab_of(ay, slab[0], slab[1], span[SLAB_COUNT]), span, zones.slab_first)
        if edges_cover(zones.edges, first, last, ax, ay):
            return True
    return outline_crossed(zones.edges, zones.slab_first, span, slab, ax, ay, bx, by)


@kernel
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
