"""Zones near a place and zones that a movement touches, one at a time inside other kernels.

Coordinates are degrees (float64), longitude in [-180, 180] before latitude; what is out of range or not a number is in no
zone. Turn an int32 of 1e-7 degree into degrees by dividing by 1e7, which gives the float64 nearest to the decimal number.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_pools import COUNT
from geofence.kernels.cells import (
    FAN,
    FAN_BITS,
    HELD,
    LEADS_TO,
    LIST,
    LIST_AT,
    LIST_HEAD,
    NODE,
    NODE_AT,
    NODE_SLOTS,
    ONE,
    ONE_AT,
    QUANTA_PER_DEGREE,
    ROOT_SHIFT,
    TAG,
    TOP,
    quanta_east,
    quanta_north,
    root_slot,
    zone_of,
)
from geofence.kernels.compiler import inlined
from geofence.kernels.containment import circle_metres, signed_distance_m, zone_crossed
from geofence.kernels.metres import LEAST_DEGREE_M
from geofence.kernels.zone_arrays import CIRCLE, REACH, Scratch, ZoneArrays, on_earth

Integers = NDArray[np.int32]
Flags = NDArray[np.bool_]


@inlined
def sort_first(zones: Integers, count: int) -> None:
    """Sort the first few of an array in place."""
    for place in range(1, count):
        value = zones[place]
        hole = place
        while hole > 0 and zones[hole - 1] > value:
            zones[hole] = zones[hole - 1]
            hole -= 1
        zones[hole] = value


@inlined
def cell_touched(u: int, v: int, size: int, movement: tuple[float, float, float, float], pad: tuple[float, float]) -> bool:
    """Whether a cell comes within `pad` (quanta east, north) of a movement (quanta from and to)."""
    u1, v1, u2, v2 = movement
    half_u, half_v = size / 2 + pad[0], size / 2 + pad[1]
    middle_u, middle_v = u + size / 2, v + size / 2
    if min(u1, u2) > middle_u + half_u or max(u1, u2) < middle_u - half_u:
        return False
    if min(v1, v2) > middle_v + half_v or max(v1, v2) < middle_v - half_v:
        return False
    return abs((u2 - u1) * (middle_v - v1) - (v2 - v1) * (middle_u - u1)) <= abs(u2 - u1) * half_v + abs(v2 - v1) * half_u


@inlined
def note_zone(entry: int, pieces: Integers, scratch: Scratch, count: int) -> int:
    """Add the zone of an entry to `scratch.zones` if it was not seen yet; the new count."""
    number = zone_of(entry, pieces)
    if scratch.seen[number]:
        return count
    scratch.seen[number] = True
    scratch.zones[count] = number
    return count + 1


@inlined
def note_slot(lists: Integers, pieces: Integers, slot: int, scratch: Scratch, count: int) -> int:
    """Add the zones of a slot that is no node; the new count."""
    if slot & TAG == ONE:
        return note_zone(slot >> ONE_AT, pieces, scratch, count)
    if slot & TAG == LIST:
        start = slot >> LIST_AT
        for place in range(start + LIST_HEAD, start + LIST_HEAD + lists[start, COUNT]):
            count = note_zone(lists[place, LEADS_TO], pieces, scratch, count)
    return count


@inlined
def zones_by_cells(
    zones: ZoneArrays, movement: tuple[float, float, float, float], pad: tuple[float, float], scratch: Scratch
) -> int:
    """Write to `scratch.zones`, each once, the zones that have a cell within `pad` of a movement; how many."""
    count = 0
    west, east = min(movement[0], movement[2]) - pad[0], max(movement[0], movement[2]) + pad[0]
    south, north = min(movement[1], movement[3]) - pad[1], max(movement[1], movement[3]) + pad[1]
    first_row, last_row = int(max(0.0, south)) >> ROOT_SHIFT, int(min(float(TOP), north)) >> ROOT_SHIFT
    for row in range(first_row, last_row + 1):
        for column in range(int(west // (1 << ROOT_SHIFT)), int(east // (1 << ROOT_SHIFT)) + 1):
            u, v = column << ROOT_SHIFT, row << ROOT_SHIFT
            slot = zones.root[root_slot(u, v), LEADS_TO]
            if slot == 0 or not cell_touched(u, v, 1 << ROOT_SHIFT, movement, pad):
                continue
            count = zones_under_root_cell(zones, u, v, slot, movement, pad, scratch, count)
    return count


@inlined
def children_between(low: float, high: float, size: int) -> tuple[int, int]:
    """First and last column, or row, of a node's cells that lie between two distances from its corner, borders included."""
    return int(max(0.0, math.ceil(low / size) - 1.0)), int(min(FAN - 1.0, math.floor(high / size)))


@inlined
def zones_under_root_cell(
    zones: ZoneArrays,
    u: int,
    v: int,
    slot: int,
    movement: tuple[float, float, float, float],
    pad: tuple[float, float],
    scratch: Scratch,
    count: int,
) -> int:
    """`zones_by_cells` below one root cell; the new count."""
    stack = scratch.stack
    west, east = min(movement[0], movement[2]) - pad[0], max(movement[0], movement[2]) + pad[0]
    south, north = min(movement[1], movement[3]) - pad[1], max(movement[1], movement[3]) + pad[1]
    stack[0, 0], stack[0, 1], stack[0, 2] = u, v, (slot << 6) | ROOT_SHIFT
    depth = 1
    while depth > 0:
        depth -= 1
        u, v, slot, shift = stack[depth, 0], stack[depth, 1], stack[depth, 2] >> 6, stack[depth, 2] & 63
        if slot & TAG != NODE:
            count = note_slot(zones.lists, zones.pieces, slot, scratch, count)
            continue
        base = (slot >> NODE_AT) * NODE_SLOTS
        if slot & HELD:
            count = note_slot(zones.lists, zones.pieces, zones.nodes[base, LEADS_TO], scratch, count)
        size = 1 << (shift - FAN_BITS)
        first_column, last_column = children_between(west - u, east - u, size)
        first_row, last_row = children_between(south - v, north - v, size)
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                below = zones.nodes[base + 1 + row * FAN + column, LEADS_TO]
                child_u, child_v = u + column * size, v + row * size
                if below != 0 and cell_touched(child_u, child_v, size, movement, pad):
                    stack[depth, 0], stack[depth, 1] = child_u, child_v
                    stack[depth, 2] = (np.int64(below) << 6) | (shift - FAN_BITS)
                    depth += 1
    return count


@inlined
def padding(latitude_deg: float, radius_m: float) -> tuple[float, float]:
    """Quanta east and north that a radius in metres is at most, two more for rounding."""
    north_deg = 1.001 * radius_m / LEAST_DEGREE_M
    poleward_deg = abs(latitude_deg) + north_deg
    if poleward_deg >= 89.9:
        return 180.0 * QUANTA_PER_DEGREE, north_deg * QUANTA_PER_DEGREE + 2.0
    east_deg = min(180.0, 1.001 * north_deg / math.cos(poleward_deg * math.pi / 180.0))
    return east_deg * QUANTA_PER_DEGREE + 2.0, north_deg * QUANTA_PER_DEGREE + 2.0


@inlined
def zones_near(zones: ZoneArrays, longitude_deg: float, latitude_deg: float, radius_m: float, scratch: Scratch) -> int:
    """Write the zones whose signed distance is at most `radius_m` to `scratch.zones` and `.distance_m`, nearest first.

    Distances inside are cut at `-radius_m`. Returns how many. Validity in time is not looked at (`is_open`).
    """
    if not on_earth(longitude_deg, latitude_deg):
        return 0
    u, v = quanta_east(longitude_deg), quanta_north(latitude_deg)
    pad = padding(latitude_deg, radius_m)
    candidates = zones_by_cells(zones, (u, v, u, v), pad, scratch)
    count = 0
    limit_m = radius_m * 1.001 + 1.0
    for place in range(candidates):
        number = scratch.zones[place]
        scratch.seen[number] = False
        if zones.shape[number] == CIRCLE:  # here, as handing a circle's arrays on costs ten times its arithmetic
            distance_m = circle_metres(zones.circle, number, longitude_deg, latitude_deg) - zones.circle[number, REACH]
        else:
            distance_m = signed_distance_m(zones, number, longitude_deg, latitude_deg, limit_m)
        if distance_m > radius_m:
            continue
        distance_m = max(distance_m, -radius_m)
        hole = count
        while hole > 0 and (
            scratch.distance_m[hole - 1] > distance_m
            or (scratch.distance_m[hole - 1] == distance_m and scratch.zones[hole - 1] > number)
        ):
            scratch.zones[hole], scratch.distance_m[hole] = scratch.zones[hole - 1], scratch.distance_m[hole - 1]
            hole -= 1
        scratch.zones[hole], scratch.distance_m[hole] = number, distance_m
        count += 1
    return count


@inlined
def zones_crossed(
    zones: ZoneArrays,
    longitude_deg: float,
    latitude_deg: float,
    to_longitude_deg: float,
    to_latitude_deg: float,
    scratch: Scratch,
) -> int:
    """Write the zones that the straight movement between two places touches to `scratch.zones`, ascending; how many.

    Straight means in longitude and latitude, the short way round the Earth. Validity in time is not looked at.
    """
    if not on_earth(longitude_deg, latitude_deg) or not on_earth(to_longitude_deg, to_latitude_deg):
        return 0
    u1, v1 = quanta_east(longitude_deg), quanta_north(latitude_deg)
    u2, v2 = quanta_east(to_longitude_deg), quanta_north(to_latitude_deg)
    half_round = 180.0 * QUANTA_PER_DEGREE
    if u2 - u1 > half_round:
        u2 -= 2.0 * half_round
    elif u1 - u2 > half_round:
        u2 += 2.0 * half_round
    candidates = zones_by_cells(zones, (u1, v1, u2, v2), (2.0, 2.0), scratch)
    count = 0
    for place in range(candidates):
        number = scratch.zones[place]
        scratch.seen[number] = False
        if zone_crossed(zones, number, longitude_deg, latitude_deg, to_longitude_deg, to_latitude_deg):
            scratch.zones[count] = number
            count += 1
    sort_first(scratch.zones, count)
    return count
