"""Which zones hold the vehicle: a Schmitt trigger per zone on the signed distance to its boundary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.facts import ZONE_CROSSED, ZONE_OFF, ZONE_ON
from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.containment import is_open, signed_distance_m
from geofence.kernels.telling import Fix, Record, Teller, tell
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_lookup import zones_crossed, zones_near

_SECOND_US = 1_000_000
_PLACES = 8
_OUT, _ENTERING, _INSIDE, _LEAVING = 0, 1, 2, 3


@inlined
def step_places(
    s: Record, p: Record, fix: Fix, index: ZoneArrays, scratch: Scratch, zones: NDArray[np.void], out: Teller
) -> None:
    """Take one fix: the zones around it, by signed distance, and those the way since the last fix crossed."""
    if fix.held:
        for j in range(_PLACES):
            if s["zn_phase"][j] == _ENTERING:
                _inside(s, p, fix, j, -1.0, out)
        return
    if not fix.good:
        return
    if s["acc_us"] > 0 and fix.step_m > p["zone_cross_m"]:
        _cross(s, fix, index, scratch, out)
    # An exit is decided within twice sigma, and no good fix has a sigma of more than fix.most_accuracy_m.
    reach = max(2.0 * fix.sigma, p["zone_exit_m"] + fix.sigma)
    count = zones_near(index, fix.lon * 1e-7, fix.lat * 1e-7, reach, scratch)
    near_zone, near_m = scratch.zones[:count], scratch.distance_m[:count]
    seen = _hold(s, p, fix, index, near_zone, near_m, zones, out)
    for j in range(_PLACES):
        if s["zn_phase"][j] != _OUT and not (seen >> j) & 1:
            _outside(s, p, fix, j, _distance(s["zn_id"][j], near_zone, near_m, index, fix.t), out)


@inlined
def _hold(
    s: Record,
    p: Record,
    fix: Fix,
    index: ZoneArrays,
    near_zone: NDArray[np.int32],
    near_m: NDArray[np.float64],
    zones: NDArray[np.void],
    out: Teller,
) -> int:
    """Zones that hold the fix; bit j of the answer: the zone at place j does."""
    seen = 0
    _forget_neighbours(s)
    for k in range(len(near_zone)):
        z = near_zone[k]
        if not is_open(index, z, fix.t):
            continue
        _note_neighbour(s, fix, z, zones[z], near_m[k])
        if near_m[k] <= 0.0:
            j = _place_of(s, z, fix.t)
            if j >= 0:
                seen |= 1 << j
                _inside(s, p, fix, j, near_m[k], out)
    return seen


@inlined
def _cross(s: Record, fix: Fix, index: ZoneArrays, scratch: Scratch, out: Teller) -> None:
    """Zones the straight way touched without a fix inside."""
    was_lon, was_lat = s["acc_lon"] * 1e-7, s["acc_lat"] * 1e-7
    lon, lat = fix.lon * 1e-7, fix.lat * 1e-7
    count = zones_crossed(index, was_lon, was_lat, lon, lat, scratch)
    for k in range(count):
        z = scratch.zones[k]
        if not is_open(index, z, fix.t) or _holds(s, z):
            continue
        if signed_distance_m(index, z, was_lon, was_lat, 1.0) > 0.0 and signed_distance_m(index, z, lon, lat, 1.0) > 0.0:
            tell(out, ZONE_CROSSED, fix.t, z, fix.lon, fix.lat, 0.0, fix.sigma, fix.step_m, fix.step_s)


@inner_kernel
def _holds(s: Record, z: int) -> bool:
    for j in range(_PLACES):
        if s["zn_phase"][j] != _OUT and s["zn_id"][j] == z:
            return True
    return False


@inner_kernel
def _forget_neighbours(s: Record) -> None:
    s["nearest_allowed"] = -1
    s["nearest_red"] = -1
    s["in_dead"] = 0
    s["zone_limit"] = np.nan
    s["limit_zone"] = -1


@inner_kernel
def _note_neighbour(s: Record, fix: Fix, z: int, zone: Record, signed_m: float) -> None:
    if zone["allowed"] and signed_m <= fix.sigma:
        s["nearest_allowed"] = z
    if signed_m > 0.0:
        return
    if zone["red"]:
        s["nearest_red"] = z
    if zone["dead"]:
        s["in_dead"] = 1
    if zone["limit_mps"] > 0.0 and not s["zone_limit"] <= zone["limit_mps"]:
        s["zone_limit"] = zone["limit_mps"]
        s["limit_zone"] = z


@inlined
def _distance(z: int, near_zone: NDArray[np.int32], near_m: NDArray[np.float64], index: ZoneArrays, t: int) -> float:
    if not is_open(index, z, t):
        return np.inf
    for k in range(len(near_zone)):
        if near_zone[k] == z:
            return float(near_m[k])
    return np.inf


@inner_kernel
def _place_of(s: Record, z: int, t: int) -> int:
    free = -1
    for j in range(_PLACES):
        if s["zn_phase"][j] == _OUT:
            free = j if free < 0 else free
        elif s["zn_id"][j] == z:
            return j
    if free >= 0:
        s["zn_id"][free] = z
        s["zn_phase"][free] = _ENTERING
        s["zn_n"][free] = 0
        s["zn_since"][free] = t
    return free


@inner_kernel
def _inside(s: Record, p: Record, fix: Fix, j: int, signed_m: float, out: Teller) -> None:
    if s["zn_phase"][j] == _LEAVING:
        s["zn_phase"][j] = _INSIDE
    if s["zn_phase"][j] != _ENTERING:
        return
    s["zn_n"][j] = min(int(s["zn_n"][j]) + 1, 255)
    slow = fix.mps < p["zone_slow_mps"]
    if slow or s["zn_n"][j] >= p["zone_enter_fixes"] or fix.t - s["zn_since"][j] >= p["zone_enter_s"] * _SECOND_US:
        s["zn_phase"][j] = _INSIDE
        s["zn_in"][j] = s["zn_since"][j]
        tell(out, ZONE_ON, s["zn_since"][j], s["zn_id"][j], fix.lon, fix.lat, signed_m, fix.sigma, 0.0, 0.0)


@inner_kernel
def _outside(s: Record, p: Record, fix: Fix, j: int, signed_m: float, out: Teller) -> None:
    if s["zn_phase"][j] == _ENTERING:
        s["zn_phase"][j] = _OUT
        tell(out, ZONE_CROSSED, s["zn_since"][j], s["zn_id"][j], fix.lon, fix.lat, 1.0, fix.sigma, 0.0, 0.0)
        return
    if signed_m - fix.sigma <= max(float(p["zone_exit_m"]), fix.sigma):
        s["zn_phase"][j] = _INSIDE
        return
    if s["zn_phase"][j] == _INSIDE:
        s["zn_phase"][j] = _LEAVING
        s["zn_n"][j] = 0
        s["zn_since"][j] = fix.t
    s["zn_n"][j] = min(int(s["zn_n"][j]) + 1, 255)
    if s["zn_n"][j] >= p["zone_exit_fixes"] and fix.t - s["zn_since"][j] >= p["zone_exit_s"] * _SECOND_US:
        s["zn_phase"][j] = _OUT
        tell(out, ZONE_OFF, s["zn_since"][j], s["zn_id"][j], fix.lon, fix.lat, float(s["zn_in"][j]), fix.sigma, 0.0, 0.0)
