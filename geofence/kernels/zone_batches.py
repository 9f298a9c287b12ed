"""Arrays of places against all zones: pairs out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel, making_kernel
from geofence.kernels.containment import is_open, signed_distance_m
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_blocks import BLOCK, find_candidates, judge_candidates, room_for_block, write_covering
from geofence.kernels.zone_lookup import zones_near

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]


@making_kernel
def room_for(points: Longs, numbers: Integers, needed: int) -> tuple[Longs, Integers]:
    """The same pairs in arrays with room for `needed`."""
    if needed <= len(points):
        return points, numbers
    more_points = np.empty(2 * needed, dtype=np.int64)
    more_numbers = np.empty(2 * needed, dtype=np.int32)
    more_points[: len(points)] = points
    more_numbers[: len(numbers)] = numbers
    return more_points, more_numbers


@making_kernel
def keep_open(zones: ZoneArrays, points: Longs, numbers: Integers, at_us: Longs) -> int:
    """Move pairs whose zone is open at the moment of their place to the front; how many. `at_us` has one moment, or many."""
    kept = 0
    for row in range(len(points)):
        moment = at_us[points[row] if len(at_us) > 1 else 0]
        if is_open(zones, numbers[row], moment):
            points[kept], numbers[kept] = points[row], numbers[row]
            kept += 1
    return kept


@making_kernel
def pairs_of_places(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats) -> tuple[Longs, Integers, int]:
    """Pairs (place, zone) by place, then zone, in arrays with room for more; how many."""
    count = len(longitude_deg)
    points = np.empty(count + BLOCK, dtype=np.int64)
    numbers = np.empty(count + BLOCK, dtype=np.int32)
    block = room_for_block(16 * BLOCK)
    total = first = 0
    while first < count:
        x, y = longitude_deg[first : first + BLOCK], latitude_deg[first : first + BLOCK]
        candidates = find_candidates(zones, x, y, block)
        if candidates < 0:
            block = room_for_block(4 * len(block.place))
            continue
        judge_candidates(zones, x, y, block, candidates)
        points, numbers = room_for(points, numbers, total + candidates + 1)
        total += write_covering(block, candidates, first, points[total:], numbers[total:])
        first += BLOCK
    return points, numbers, total


@kernel
def covering_pairs(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, at_us: Longs) -> tuple[Longs, Integers]:
    """Pairs (place, zone) by place, then zone; `at_us` has a moment for each place, or one, or none for any time."""
    points, numbers, total = pairs_of_places(zones, longitude_deg, latitude_deg)
    if len(at_us) > 0:
        total = keep_open(zones, points[:total], numbers[:total], at_us)
    return points[:total], numbers[:total]


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
