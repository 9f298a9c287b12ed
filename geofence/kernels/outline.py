"""Areas and corridors: containment, distance and crossing over edges that are kept in slabs of latitude.

A horizontal line through a point can only meet edges of the slab the point lies in, so containment reads one slab, and
distance reads slabs outward until the next is further than the best. Slabs are cut by one monotone function of latitude for
edges and points, so no edge that counts is ever left out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.metres import LEAST_DEGREE_M, POLEWARD_DEG, metres_away, scale_at
from geofence.kernels.orientation import orientation
from geofence.kernels.polar import polar_edge_metres, polar_segment_metres
from geofence.kernels.zone_arrays import FIRST_EDGE, FIRST_SLAB, SLAB_COUNT

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

_SLACK = 1.02  # an edge this much further than the best by the plain scale may still be the nearest


@inlined
def slab_of(latitude_deg: float, south_deg: float, slabs_per_degree: float, slab_count: int) -> int:
    """Number of the slab that holds a latitude, clamped to the zone's."""
    number = int((latitude_deg - south_deg) * slabs_per_degree)
    return min(max(number, 0), slab_count - 1)


@inlined
def edges_of_slab(span: Integers, slab_first: Integers, number: int, slab: int) -> tuple[int, int]:
    """First and one past last row of `edges` that belong to a slab of zone `number`."""
    start = span[number, FIRST_SLAB] + slab
    return span[number, FIRST_EDGE] + slab_first[start], span[number, FIRST_EDGE] + slab_first[start + 1]


@inlined
def slab_at(span: Integers, slab: Floats, number: int, latitude_deg: float) -> int:
    """The slab of zone `number` that holds a latitude."""
    return slab_of(latitude_deg, slab[number, 0], slab[number, 1], span[number, SLAB_COUNT])


@inlined
def edges_cover(edges: Floats, first: int, last: int, x: float, y: float) -> bool:
    """Whether a point is inside or on rings, by counting the edges that a ray towards the east crosses.

    Edge by edge the arithmetic of GEOS's `RayCrossingCounter`; `edges[first:last]` must hold all that reach latitude `y`.
    """
    odd = False
    for row in range(first, last):
        x1, y1, x2, y2 = edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3]
        if x1 < x and x2 < x:
            continue
        if x == x2 and y == y2:
            return True
        if y1 == y and y2 == y:
            if min(x1, x2) <= x <= max(x1, x2):
                return True
            continue
        if (y1 > y) != (y2 > y):
            side = orientation(x1, y1, x2, y2, x, y)
            if side == 0 and x >= min(x1, x2):  # else products underflowed, and the edge is to the east
                return True
            odd = odd != (side == 0 or (side > 0) == (y2 > y1))
    return odd


@inlined
def is_seam(x1: float, y1: float, x2: float, y2: float, west: float, east: float) -> bool:
    """Whether an edge only closes the map, not the zone: along a pole, or on a meridian the zone goes on beyond."""
    if y1 == y2 and abs(y1) == 90.0:
        return True
    if x1 != x2 or abs(x1) != 180.0:
        return False
    return west < x1 < east or east - west >= 360.0


@inlined
def nearest_on_edge(
    x1: float, y1: float, x2: float, y2: float, x: float, y: float, east_m: float, north_m: float
) -> tuple[float, float]:
    """Degrees east and north from (x, y) to the nearest place of an edge, one degree being `east_m` by `north_m`."""
    from_x, from_y = (x1 - x) * east_m, (y1 - y) * north_m
    along_x, along_y = (x2 - x1) * east_m, (y2 - y1) * north_m
    length_squared = along_x * along_x + along_y * along_y
    if length_squared == 0.0:
        return x1 - x, y1 - y
    share = min(1.0, max(0.0, -(from_x * along_x + from_y * along_y) / length_squared))
    return (x1 - x) + share * (x2 - x1), (y1 - y) + share * (y2 - y1)


@inlined
def edge_metres(
    edges: Floats, row: int, x: float, y: float, scale: tuple[float, float, float, float, float], best_m: float
) -> float:
    """Distance to one edge if it is less than `best_m`, else `best_m`."""
    x1, y1, x2, y2 = edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3]
    if max(abs(y), abs(y1), abs(y2)) > POLEWARD_DEG:
        north_deg = max(0.0, min(y1, y2) - y, y - max(y1, y2))
        return best_m if north_deg * LEAST_DEGREE_M > best_m else min(best_m, polar_edge_metres(x1, y1, x2, y2, x, y))
    east, north = nearest_on_edge(x1, y1, x2, y2, x, y, scale[0], scale[3])
    if (east * scale[0]) ** 2 + (north * scale[3]) ** 2 > (best_m * _SLACK) ** 2:
        return best_m
    return min(best_m, metres_away(scale, x, y, east, north))


@inner_kernel
def slab_metres(
    edges: Floats,
    rows: tuple[int, int],
    ends: tuple[float, float],
    x: float,
    y: float,
    scale: tuple[float, float, float, float, float],
    best_m: float,
) -> float:
    """Distance to the nearest of some edges if it is less than `best_m`, else `best_m`; `ends` are the zone's west and east."""
    for row in range(rows[0], rows[1]):
        if not is_seam(edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3], ends[0], ends[1]):
            best_m = edge_metres(edges, row, x, y, scale, best_m)
    return best_m


@inner_kernel
def outline_metres(
    edges: Floats,
    slab_first: Integers,
    span: Integers,
    slab: Floats,
    box: Floats,
    number: int,
    x: float,
    y: float,
    limit_m: float,
) -> float:
    """Distance in metres to the nearest edge of zone `number`, or `limit_m` if there is none as near."""
    count = span[number, SLAB_COUNT]
    south, density = slab[number, 0], slab[number, 1]
    ends = box[number, 0], box[number, 2]
    scale = scale_at(y)
    middle = slab_at(span, slab, number, y)
    best_m = slab_metres(edges, edges_of_slab(span, slab_first, number, middle), ends, x, y, scale, limit_m)
    up, down = middle + 1, middle - 1
    while up < count or down >= 0:
        if up < count:
            if (south + up / density - y) * LEAST_DEGREE_M - 0.001 > best_m:
                up = count
            else:
                best_m = slab_metres(edges, edges_of_slab(span, slab_first, number, up), ends, x, y, scale, best_m)
                up += 1
        if down >= 0:
            if (y - south - (down + 1) / density) * LEAST_DEGREE_M - 0.001 > best_m:
                down = -1
            else:
                best_m = slab_metres(edges, edges_of_slab(span, slab_first, number, down), ends, x, y, scale, best_m)
                down -= 1
    return best_m


@inner_kernel
def segments_meet(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    """Whether two closed segments have a point in common, exactly."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    c_side = orientation(ax, ay, bx, by, cx, cy)
    d_side = orientation(ax, ay, bx, by, dx, dy)
    if c_side * d_side > 0:
        return False
    return orientation(cx, cy, dx, dy, ax, ay) * orientation(cx, cy, dx, dy, bx, by) <= 0


@inner_kernel
def edges_between(span: Integers, slab_first: Integers, slab: Floats, number: int, low: float, high: float) -> tuple[int, int]:
    """First and one past last row of `edges` that hold all edges of a zone between two latitudes."""
    first, _ = edges_of_slab(span, slab_first, number, slab_at(span, slab, number, low))
    _, last = edges_of_slab(span, slab_first, number, slab_at(span, slab, number, high))
    return first, last


@inner_kernel
def any_edge_met(edges: Floats, first: int, last: int, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether a movement from (ax, ay) to (bx, by) touches one of some edges."""
    for row in range(first, last):
        if segments_meet(ax, ay, bx, by, edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3]):
            return True
    return False


@inner_kernel
def segment_metres(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float, limit_m: float
) -> float:
    """Distance in metres between two segments; 0 where they meet. Of what is more than `limit_m` it says no more than that."""
    if segments_meet(ax, ay, bx, by, cx, cy, dx, dy):
        return 0.0
    if max(abs(ay), abs(by), abs(cy), abs(dy)) > POLEWARD_DEG:
        return polar_segment_metres(ax, ay, bx, by, cx, cy, dx, dy, limit_m)
    best_m = math.inf
    for end in range(4):
        x, y = ((ax, ay), (bx, by), (cx, cy), (dx, dy))[end]
        scale = scale_at(y)
        if end < 2:
            east, north = nearest_on_edge(cx, cy, dx, dy, x, y, scale[0], scale[3])
        else:
            east, north = nearest_on_edge(ax, ay, bx, by, x, y, scale[0], scale[3])
        best_m = min(best_m, metres_away(scale, x, y, east, north))
    return best_m


@inner_kernel
def any_edge_near(edges: Floats, first: int, last: int, reach_m: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether a movement from (ax, ay) to (bx, by) comes within `reach_m` of one of some edges."""
    for row in range(first, last):
        if segment_metres(ax, ay, bx, by, edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3], reach_m) <= reach_m:
            return True
    return False


@inner_kernel
def edges_within(edges: Floats, first: int, last: int, reach_m: float, x: float, y: float) -> bool:
    """Whether a place is within `reach_m` of one of some edges."""
    scale = scale_at(y)
    for row in range(first, last):
        if edge_metres(edges, row, x, y, scale, 1.01 * reach_m + 1.0) <= reach_m:
            return True
    return False
