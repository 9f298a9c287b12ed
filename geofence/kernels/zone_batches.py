"""Arrays of places against all zones: pairs out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel, kernel
from geofence.kernels.containment import is_open, signed_distance_m
from geofence.kernels.ordering import by_places, order_by_cell, sort_within_places
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_blocks import BLOCK, KEY_SHIFT, NUMBER, covering_keys, room_for_block
from geofence.kernels.zone_lookup import zones_crossed, zones_near

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

E7 = 1e7
_WORTH_ORDERING = 4096  # fewer places do not come by the same zones often enough
_MANY_PIECES = 4096  # fewer outlines stay in the cache anyway


@inner_kernel
def room_for(points: Longs, numbers: Integers, needed: int) -> tuple[Longs, Integers]:
    """The same pairs in arrays with room for `needed`."""
    if needed <= len(points):
        return points, numbers
    more_points = np.empty(2 * needed, dtype=np.int64)
    more_numbers = np.empty(2 * needed, dtype=np.int32)
    more_points[: len(points)] = points
    more_numbers[: len(numbers)] = numbers
    return more_points, more_numbers


@inner_kernel
def keep_open(zones: ZoneArrays, points: Longs, numbers: Integers, at_us: Longs) -> int:
    """Move pairs whose zone is open at the moment of their place to the front; how many. `at_us` has one moment, or many."""
    kept = 0
    for row in range(len(points)):
        moment = at_us[points[row] if len(at_us) > 1 else 0]
        if is_open(zones, numbers[row], moment):
            points[kept], numbers[kept] = points[row], numbers[row]
            kept += 1
    return kept


@inner_kernel
def write_pairs(keys: Longs, order: Integers, first: int, points: Longs, numbers: Integers) -> None:
    """Keys of a block that starts at `first` of an order, or of the places as they come if it is empty, as pairs."""
    for row in range(len(keys)):
        place = first + (keys[row] >> KEY_SHIFT)
        points[row] = order[place] if len(order) > 0 else place
        numbers[row] = keys[row] & NUMBER


@inner_kernel
def pairs_in_order(
    zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, order: Integers
) -> tuple[Longs, Integers, bool]:
    """Pairs (place, zone) of places taken in an order, none given: as they come; and whether they are by place."""
    count = len(longitude_deg)
    points = np.empty(count + BLOCK, dtype=np.int64)
    numbers = np.empty(count + BLOCK, dtype=np.int32)
    block, x, y = room_for_block(16 * BLOCK), longitude_deg[:BLOCK], latitude_deg[:BLOCK]
    total = first = 0
    by_place = len(order) == 0
    while first < count:
        last = min(first + BLOCK, count)
        if len(order) > 0:
            x, y = longitude_deg[order[first:last]], latitude_deg[order[first:last]]
        else:
            x, y = longitude_deg[first:last], latitude_deg[first:last]
        kept, block_by_place = covering_keys(zones, x, y, block)
        if kept < 0:
            block = room_for_block(4 * len(block.key))
            continue
        by_place = by_place and block_by_place
        points, numbers = room_for(points, numbers, total + kept)
        write_pairs(block.key[:kept], order, first, points[total:], numbers[total:])
        total += kept
        first = last
    return points[:total], numbers[:total], by_place


@kernel
def covering_pairs(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, at_us: Longs) -> tuple[Longs, Integers]:
    """Pairs (place, zone) by place, then zone; `at_us` has a moment for each place, or one, or none for any time."""
    order = np.empty(0, dtype=np.int32)
    if len(longitude_deg) >= _WORTH_ORDERING and len(zones.pieces) > _MANY_PIECES:
        order = order_by_cell(longitude_deg, latitude_deg)
    points, numbers, by_place = pairs_in_order(zones, longitude_deg, latitude_deg, order)
    if not by_place:
        points, numbers = by_places(points, numbers, len(longitude_deg))
    sort_within_places(points, numbers)
    if len(at_us) > 0:
        kept = keep_open(zones, points, numbers, at_us)
        points, numbers = points[:kept], numbers[:kept]
    return points, numbers


@kernel
def covering_pairs_e7(zones: ZoneArrays, longitude_e7: Integers, latitude_e7: Integers, at_us: Longs) -> tuple[Longs, Integers]:
    """`covering_pairs` for places in 1e-7 degree."""
    return covering_pairs(zones, longitude_e7 / E7, latitude_e7 / E7, at_us)


@kernel
def distances_m(zones: ZoneArrays, number: int, longitude_deg: Floats, latitude_deg: Floats, limit_m: float) -> Floats:
    """Signed distance of each place to one zone."""
    out = np.empty(len(longitude_deg))
    for point in range(len(out)):
        out[point] = signed_distance_m(zones, number, longitude_deg[point], latitude_deg[point], limit_m)
    return out


@kernel
def near_triples(
    zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, radius_m: float, scratch: Scratch
) -> tuple[Longs, Integers, Floats]:
    """(place, zone, signed distance) for the zones within a radius, by place, then nearest first."""
    points = np.empty(16, dtype=np.int64)
    numbers = np.empty(16, dtype=np.int32)
    metres = np.empty(16)
    total = 0
    for point in range(len(longitude_deg)):
        count = zones_near(zones, longitude_deg[point], latitude_deg[point], radius_m, scratch)
        if total + count > len(metres):
            points, numbers = room_for(points, numbers, total + count)
            more_metres = np.empty(len(points))
            more_metres[:total] = metres[:total]
            metres = more_metres
        points[total : total + count] = point
        numbers[total : total + count] = scratch.zones[:count]
        metres[total : total + count] = scratch.distance_m[:count]
        total += count
    return points[:total], numbers[:total], metres[:total]


@kernel
def crossing_pairs(
    zones: ZoneArrays,
    longitude_deg: Floats,
    latitude_deg: Floats,
    to_longitude_deg: Floats,
    to_latitude_deg: Floats,
    scratch: Scratch,
) -> tuple[Longs, Integers]:
    """Pairs (movement, zone touched) by movement, then zone."""
    points = np.empty(len(longitude_deg) + 16, dtype=np.int64)
    numbers = np.empty(len(longitude_deg) + 16, dtype=np.int32)
    total = 0
    for point in range(len(longitude_deg)):
        count = zones_crossed(
            zones, longitude_deg[point], latitude_deg[point], to_longitude_deg[point], to_latitude_deg[point], scratch
        )
        points, numbers = room_for(points, numbers, total + count)
        points[total : total + count] = point
        numbers[total : total + count] = scratch.zones[:count]
        total += count
    return points[:total], numbers[:total]
