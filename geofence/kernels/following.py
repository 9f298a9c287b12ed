"""What only matters on a trip: the route, its stops, the depot, proofs, gaps in the data."""

from __future__ import annotations

import numpy as np

from geofence.facts import ALLOWED_DEPOT, ALLOWED_NOWHERE, GAP, GAP_WAY, PROOF, SLOW
from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.depot import at_depot, come_back
from geofence.kernels.ground import east_e7, is_within
from geofence.kernels.halts import step_halt
from geofence.kernels.layout import Memory, Plans
from geofence.kernels.routes import step_route
from geofence.kernels.telling import Fix, Record, Teller, tell
from geofence.kernels.visits import at_stop, stand_at_stop, step_visits, stop_code

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
_NEAR_STOP_SLACK_M = 10.0


@inlined
def follow(
    s: Record, p: Record, memory: Memory, plans: Plans, slot: int, fix: Fix, allowed: int, driven_before_m: float, out: Teller
) -> int:
    """What only matters on a trip: route, stops, depot, proofs -> the allowed place that holds the fix, or -1."""
    trip = plans.trips[s["trip"]]
    first, base = trip["first_stop"], plans.first_visit[slot]
    stops = plans.stops[first : first + trip["stops"]]
    visits = memory.visits[base : base + trip["stops"]]
    xy = plans.xy[trip["first_vertex"] : trip["first_vertex"] + trip["vertices"]]
    along = plans.along[trip["first_vertex"] : trip["first_vertex"] + trip["vertices"]]
    x, y = _plane(trip, fix.lon, fix.lat)
    slack = max(fix.sigma, _NEAR_STOP_SLACK_M)
    in_depot = at_depot(s, p, fix, trip, out)
    s["in_depot"] = 1 if in_depot else 0
    k = at_stop(stops, x, y, slack)
    if in_depot:
        allowed = ALLOWED_DEPOT
    elif k >= 0:
        allowed = stop_code(k)
    before_s, gap_us = s["rt_s"], _gap_since(s, p, fix)
    lon, lat = float(s["good_lon"]), float(s["good_lat"])
    step_halt(s, p, fix, allowed, out)
    was_x, was_y = _plane(trip, float(s["acc_lon"]), float(s["acc_lat"])) if s["acc_us"] != _NEVER_US else (x, y)
    edge = step_visits(s, p, fix, trip["begin_us"], stops, visits, x, y, was_x, was_y, out)
    step_route(s, p, fix, trip, xy, along, x, y, in_depot or edge <= p["route_deviation_stop_m"], out)
    _get_on(s, p, fix, allowed, out)
    if gap_us != 0:
        gained = float(s["pv_odo"] - s["gp_odo"])
        tell(out, GAP_WAY, gap_us, 0, lon, lat, gained, float(s["gp_best"]), float(s["gp_mute"]), driven_before_m)
        tell(out, GAP, gap_us, s["ig_slept"], lon, lat, fix.lon, fix.lat, before_s, s["rt_s"])
    if s["still"] and fix.good:
        halt_x, halt_y = (
            _plane(trip, s["st_lon"], s["st_lat"]) if s["st_phase"] == 1 else _plane(trip, s["cd_lon"], s["cd_lat"])
        )
        stand_at_stop(s, p, fix, trip["begin_us"], stops, visits, halt_x, halt_y, slack, out)
    pass_proofs(s, p, plans, fix, out)
    come_back(s, p, trip, in_depot, fix, visits, out)
    return int(allowed)


@inner_kernel
def _get_on(s: Record, p: Record, fix: Fix, allowed: int, out: Teller) -> None:
    """Tell when the van has not left a cell of the road for long: what many do at once is traffic."""
    if not fix.good:
        return
    if allowed != ALLOWED_NOWHERE or s["sl_us"] == 0 or fix.step_s > p["gap_least_s"]:
        s["sl_us"] = 0 if allowed != ALLOWED_NOWHERE else fix.t
    elif not is_within(s["sl_lon"], s["sl_lat"], fix.lon, fix.lat, p["traffic_cell_m"]):
        s["sl_us"] = fix.t
    else:
        if not s["sl_told"] and fix.t - s["sl_us"] >= p["traffic_slow_s"] * _SECOND_US:
            s["sl_told"] = 1
            tell(out, SLOW, s["sl_us"], 0, fix.lon, fix.lat, (fix.t - s["sl_us"]) / _SECOND_US, fix.sigma, 0.0, 0.0)
        return
    s["sl_lon"], s["sl_lat"], s["sl_told"] = int(fix.lon), int(fix.lat), 0


@inner_kernel
def _plane(trip: Record, lon: float, lat: float) -> tuple[float, float]:
    return east_e7(trip["origin_lon"], lon) * trip["east_m"], (lat - trip["origin_lat"]) * trip["north_m"]


@inner_kernel
def _gap_since(s: Record, p: Record, fix: Fix) -> int:
    """When the last good fix was, if that is too long ago to know what happened since; else 0."""
    if not fix.good or s["good_us"] == _NEVER_US:
        return 0
    since_s = (fix.t - s["good_us"]) / _SECOND_US
    if since_s <= max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"]):
        return 0
    return int(s["good_us"])


@inlined
def pass_proofs(s: Record, p: Record, plans: Plans, fix: Fix, out: Teller) -> None:
    """Where the van was when a proof was captured: between the fixes before and after, also once the trip is over."""
    trip = plans.trips[s["trip"]]
    while s["mark"] < trip["proofs"]:
        proof = plans.proofs[trip["first_proof"] + s["mark"]]
        if proof["at_us"] > fix.t:
            return
        lon, lat, unsure = fix.lon, fix.lat, np.inf
        if s["acc_us"] != _NEVER_US and s["acc_us"] < fix.t and proof["at_us"] >= s["acc_us"]:
            share = (proof["at_us"] - s["acc_us"]) / (fix.t - s["acc_us"])
            lon = s["acc_lon"] + share * east_e7(s["acc_lon"], fix.lon)
            lat = s["acc_lat"] + share * (fix.lat - s["acc_lat"])
            unsure = min(share, 1.0 - share) * fix.step_m
            if fix.step_s > max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"]) and fix.step_m > 2.0 * fix.sigma:
                unsure = np.inf
        tell(out, PROOF, proof["at_us"], s["mark"], lon, lat, unsure, fix.sigma, 0.0, 0.0)
        s["mark"] += 1
