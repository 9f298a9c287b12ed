"""The loop over rows: grades each, believes or doubts it, and lets every primitive take it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.facts import ALLOWED_DEPOT, ALLOWED_NOWHERE, GAP, GAP_WAY, HOME, PROOF, SILENCE, SLOW, TRIP_OFF, TRIP_ON
from geofence.grading import GOOD, IMPLIED_SPEED, ODOMETER, REJECTED, SUSPECT
from geofence.kernels.compiler import inner_kernel, kernel
from geofence.kernels.grades import flag, grade, says_nothing, sigma_m
from geofence.kernels.ground import course, east_e7, metres
from geofence.kernels.halts import step_halt
from geofence.kernels.levels import step_fuel
from geofence.kernels.movement import step_door_moving, step_harsh, step_rest, step_speed
from geofence.kernels.places import step_places
from geofence.kernels.routes import step_route
from geofence.kernels.signals import find_fix, miss_fix, step_odometer, step_signals
from geofence.kernels.stands import see_well, step_stand
from geofence.kernels.telling import Fix, Record, Teller, tell
from geofence.kernels.visits import at_stop, stand_at_stop, step_visits, stop_code
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.rows import MISSING_E7
from geofence.state import BIT_PASSED, BIT_SERVED

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
_SUSPECTS = 3
_NEAR_STOP_SLACK_M = 10.0
_ODOMETER_MOST_MPS, _ODOMETER_SLACK_M, _ODOMETER_BACK_M = 50.0, 1000.0, 100.0
_ODOMETER_RESET_S, _ODOMETER_FAR_M = 120, 200_000.0


class Plans(NamedTuple):
    """The world's trips as arrays; trips lie sorted by (slot, begin)."""

    trips: NDArray[np.void]
    stops: NDArray[np.void]
    proofs: NDArray[np.void]
    xy: NDArray[np.float64]  # shape (vertices, 2), metres in each trip's own plane
    along: NDArray[np.float64]  # shape (vertices,)
    first_trip: NDArray[np.int32]  # shape (slots + 1,)
    first_visit: NDArray[np.int64]  # shape (slots + 1,): where a slot's visits lie
    tunings: NDArray[np.void]  # by scope, and for each by version
    tuning_from: NDArray[np.int64]  # shape (versions,): when each version of all parameters begins to hold
    slot_tuning: NDArray[np.int32]


class Land(NamedTuple):
    """Zones: the index, room for its answers, and what else is asked of a zone (plan.ZONE)."""

    shapes: ZoneArrays
    scratch: Scratch
    zones: NDArray[np.void]


class Memory(NamedTuple):
    """The devices' state."""

    states: NDArray[np.void]
    suspects: NDArray[np.void]  # shape (slots, 3) of ROW
    visits: NDArray[np.void]


@kernel
def step_rows(
    rows: NDArray[np.void],
    slots: NDArray[np.int32],
    start: int,
    memory: Memory,
    plans: Plans,
    land: Land,
    facts: NDArray[np.void],
    count: NDArray[np.int64],
    room: int,
    grades: NDArray[np.int8],
    reasons: NDArray[np.int8],
) -> int:
    """Take rows from `start` on until done or fewer than `room` facts are free -> the first row not taken."""
    for i in range(start, len(rows)):
        if len(facts) - count[0] < room:
            return i
        slot = slots[i]
        s = memory.states[slot]
        row = rows[i]
        out = Teller(facts, count, slot, row["fix_time_us"])
        _choose_trip(s, memory, plans, slot, row["fix_time_us"], out)
        p = _tuning(s, plans, slot, row["fix_time_us"])
        _hear(s, plans, slot, row, out)
        grades[i], reasons[i] = grade(row, p)
        if says_nothing(row):
            continue  # but that the device lives
        if _told_at_another_time(s, row):
            grades[i], reasons[i] = SUSPECT, ODOMETER
            continue
        step_signals(s, p, row, _on_trip(s), out)
        if grades[i] == REJECTED:
            step_stand(s, p, row, 0.0, False, out)
            miss_fix(s, p, row, _on_trip(s), out)
            continue
        if _jumps(p, s["acc_us"], s["acc_lon"], s["acc_lat"], row):
            if _doubt(s, memory.suspects[slot], p, row):
                grades[i], reasons[i] = SUSPECT, IMPLIED_SPEED
                step_stand(s, p, row, 0.0, False, out)
                miss_fix(s, p, row, _on_trip(s), out)
                continue
            for j in range(_SUSPECTS):
                _believe(s, p, memory, plans, land, slot, memory.suspects[slot, j], out)
        s["suspects"] = 0
        step_stand(s, p, row, sigma_m(row, p), True, out)
        _believe(s, p, memory, plans, land, slot, row, out)
    return len(rows)


@inner_kernel
def _tuning(s: Record, plans: Plans, slot: int, at_us: int) -> Record:
    """The parameters of the trip, or else of the device, as they were at a moment."""
    scope = plans.trips[s["trip"]]["tuning"] if s["trip"] >= 0 else plans.slot_tuning[slot]
    versions = len(plans.tuning_from)
    version = 0
    while version + 1 < versions and plans.tuning_from[version + 1] <= at_us:
        version += 1
    return plans.tunings[scope * versions + version]


@inner_kernel
def _on_trip(s: Record) -> bool:
    return bool(s["trip"] >= 0 and not s["over"])


@inner_kernel
def _choose_trip(s: Record, memory: Memory, plans: Plans, slot: int, t: int, out: Teller) -> None:
    """The last trip that has begun, until its time is over."""
    k = s["trip"]
    following = plans.first_trip[slot] if k < 0 else k + 1
    if k >= 0 and not s["over"] and t >= plans.trips[k]["end_us"]:
        s["over"] = 2
        tell(out, TRIP_OFF, plans.trips[k]["end_us"], k, s["acc_lon"], s["acc_lat"], 0.0, s["driven_m"], s["rt_s"], 0.0)
    while following < plans.first_trip[slot + 1] and plans.trips[following]["begin_us"] <= t:
        s["trip"] = following
        following += 1
    if s["trip"] != k:
        _begin_trip(s, memory, plans, slot, t, out)


@inner_kernel
def _begin_trip(s: Record, memory: Memory, plans: Plans, slot: int, t: int, out: Teller) -> None:
    trip = plans.trips[s["trip"]]
    s["away"], s["home"], s["mark"] = 0, 0, 0
    s["over"] = 2 if t >= trip["end_us"] else 0
    s["rt_known"], s["rt_seg"], s["rt_s"], s["rt_max"], s["rt_told"], s["rt_lost_n"] = 0, 0, 0.0, 0.0, 0.0, 0
    s["rt_drv"] = s["driven_m"]
    s["off_n"], s["off_on"], s["off_far"], s["sl_us"] = 0, 0, 0, 0
    base = plans.first_visit[slot]
    for k in range(trip["stops"]):
        visit = memory.visits[base + k]
        visit["bits"], visit["n"], visit["closest_m"] = 0, 0, np.inf
        visit["entered_ms"], visit["arrived_ms"], visit["stood_ms"] = -1, -1, -1
    unseen = 1.0 if s["acc_us"] == _NEVER_US else 0.0
    tell(out, TRIP_ON, trip["begin_us"], s["trip"], s["acc_lon"], s["acc_lat"], s["driven_m"], unseen, 0.0, 0.0)


@inner_kernel
def _hear(s: Record, plans: Plans, slot: int, row: Record, out: Teller) -> None:
    """Any row breaks the silence."""
    t = row["fix_time_us"]
    since_s = (t - s["last_us"]) / _SECOND_US
    if s["last_us"] != _NEVER_US and since_s > 0.0:
        due_us = silence_due_us(s, _tuning(s, plans, slot, s["last_us"]))
        if t > due_us:
            tell_silence(s, float(t), _moved_m(s, row), Teller(out.facts, out.told, out.slot, due_us))
        s["interval_s"] += 0.2 * (min(since_s, 4.0 * s["interval_s"] + 60.0) - s["interval_s"])
    s["last_us"], s["quiet"] = t, 0


@inner_kernel
def _told_at_another_time(s: Record, row: Record) -> bool:
    """The odometer falls, or rises by more than anybody drives: the row was made by a clock that was wrong.

    Unless rows go on like that, none of them as before: then it is the odometer that was set anew.
    """
    metres_now, t = float(row["odometer_m"]), row["fix_time_us"]
    if math.isnan(metres_now):
        return False
    gained = metres_now - s["ol_m"]
    most = _ODOMETER_MOST_MPS * (t - s["ol_us"]) / _SECOND_US + _ODOMETER_SLACK_M
    if -_ODOMETER_BACK_M <= gained <= most:
        s["ol_odd_n"] = 0
    else:
        s["ol_odd_n"] = min(int(s["ol_odd_n"]) + 1, 255)
        goes_on = s["ol_odd_n"] > _SUSPECTS and t - s["ol_us"] > _ODOMETER_RESET_S * _SECOND_US
        if abs(gained) < _ODOMETER_FAR_M and not goes_on:
            return True
        s["ol_odd_n"] = 0
    s["ol_m"], s["ol_us"] = metres_now, t
    return False


@inner_kernel
def _moved_m(s: Record, row: Record) -> float:
    """Metres from the row before, by odometer or else by position, as far as this row says."""
    gained = float(row["odometer_m"] - s["pv_odo"])
    if gained >= 0.0:
        return gained
    if s["acc_us"] == _NEVER_US or flag(row["flags"], 0) == 1 or row["longitude_e7"] == MISSING_E7:
        return 0.0
    return float(metres(s["acc_lon"], s["acc_lat"], row["longitude_e7"], row["latitude_e7"]))


@inner_kernel
def silence_due_us(s: Record, p: Record) -> int:
    """Until when the device may be quiet: ten minutes or three of its intervals after its last message."""
    limit_s = max(float(p["silent_device_least_s"]), p["silent_device_intervals"] * s["interval_s"])
    return int(s["last_us"] + int(limit_s * _SECOND_US))


@kernel
def find_silent(states: NDArray[np.void], plans: Plans, as_of_us: int, due: NDArray[np.int64]) -> None:
    """Write to `due`, shape (slots,), when each device's silence was to be told that is not yet, and has come; else 2**62."""
    for slot in range(len(states)):
        s = states[slot]
        due[slot] = 2**62
        if s["last_us"] != _NEVER_US and not s["quiet"]:
            due_us = silence_due_us(s, _tuning(s, plans, slot, s["last_us"]))
            if due_us < as_of_us:
                due[slot] = due_us


@kernel
def fall_silent(s: Record, facts: NDArray[np.void], count: NDArray[np.int64], slot: int, due_us: int) -> None:
    """Tell the silence of a device that has not spoken again."""
    s["quiet"] = 1
    tell_silence(s, np.nan, 0.0, Teller(facts, count, slot, due_us))


@inner_kernel
def tell_silence(s: Record, next_us: float, moved_m: float, out: Teller) -> None:
    """Tell that the device was quiet for too long; `next_us` is its next message, NaN while there is none."""
    known = 1 if s["in_dead"] or s["in_depot"] else 0
    never_sleeps = s["ig_awake_us"] > out.decided_us - s["ig_heard_us"]  # it has reported for longer than this when parked
    slept = 1.0 if s["ig"] == 1 and not never_sleeps else 0.0
    tell(out, SILENCE, s["last_us"], known, s["acc_lon"], s["acc_lat"], next_us, moved_m, slept, float(s["off_on"]))


@inner_kernel
def _jumps(p: Record, was_us: int, was_lon: float, was_lat: float, row: Record) -> bool:
    if was_us == _NEVER_US:
        return False
    seconds = max((row["fix_time_us"] - was_us) / _SECOND_US, 1.0)
    return bool(metres(was_lon, was_lat, row["longitude_e7"], row["latitude_e7"]) > p["fix_top_speed_mps"] * seconds)


@inner_kernel
def _doubt(s: Record, suspects: NDArray[np.void], p: Record, row: Record) -> bool:
    """Keep a fix that jumped as a suspect; False when it is the third successor that agrees with the first."""
    n = s["suspects"]
    if n > 0:
        last = suspects[n - 1]
        if _jumps(p, last["fix_time_us"], last["longitude_e7"], last["latitude_e7"], row):
            n = 0
    if n >= _SUSPECTS:
        return False
    suspects[n] = row
    s["suspects"] = n + 1
    return True


@inner_kernel
def _believe(s: Record, p: Record, memory: Memory, plans: Plans, land: Land, slot: int, row: Record, out: Teller) -> None:
    """A fix that counts: everything that depends on where the vehicle is."""
    known_before, mps_before, odometer_before_m = s["acc_speed_known"] == 1, float(s["acc_mps"]), float(s["acc_odo"])
    fix, driven_before_m = _as_fix(s, p, row), float(s["driven_m"])
    _drive(s, p, fix, float(row["odometer_m"]))
    find_fix(s, fix, row["odometer_m"], out)
    if len(land.zones) > 0:
        step_places(s, p, fix, land.shapes, land.scratch, land.zones, out)
    on_trip = _on_trip(s)
    allowed = s["nearest_allowed"]
    if on_trip:
        allowed = _follow(s, p, memory, plans, slot, fix, allowed, driven_before_m, out)
    else:
        step_halt(s, p, fix, allowed, out)
    step_speed(s, p, fix, float((row["odometer_m"] - odometer_before_m) / max(fix.step_s, 1.0)), out)
    step_harsh(s, p, fix, known_before, mps_before, out)
    step_door_moving(s, p, fix, out)
    step_rest(s, p, fix, row["longitude_e7"], row["latitude_e7"], on_trip, out)
    step_odometer(s, p, fix, row["odometer_m"], out)
    step_fuel(s, p, fix.t, row["fuel_l"], allowed, out)
    _remember(s, fix, row)


@inner_kernel
def _as_fix(s: Record, p: Record, row: Record) -> Fix:
    t, lon, lat = row["fix_time_us"], float(row["longitude_e7"]), float(row["latitude_e7"])
    good = grade(row, p)[0] == GOOD
    sigma = sigma_m(row, p)
    held = False
    stood = s["st_phase"] == 1 or (s["cd_n"] > 1 and s["sd_on"] == 1 and s["sd_since"] <= s["cd_start"])
    if s["ig"] == 1 and flag(row["flags"], 2) != 2 and stood:
        hold_lon = s["st_lon"] if s["st_phase"] == 1 else s["cd_lon"]
        hold_lat = s["st_lat"] if s["st_phase"] == 1 else s["cd_lat"]
        if metres(hold_lon, hold_lat, lon, lat) <= p["stop_hold_m"]:
            lon, lat, held = hold_lon, hold_lat, True
    step_s, step_m, bearing = np.inf, 0.0, float(row["course_deg"])
    if s["acc_us"] != _NEVER_US:
        step_s = (t - s["acc_us"]) / _SECOND_US
        step_m = metres(s["acc_lon"], s["acc_lat"], lon, lat)
        if step_m > 2.0 * sigma and math.isnan(bearing):
            bearing = course(s["acc_lon"], s["acc_lat"], lon, lat)
    known = not math.isnan(row["speed_mps"])
    mps = float(row["speed_mps"]) if known else step_m / step_s if step_s > 0.0 else 0.0
    return Fix(t, lon, lat, mps, known, bearing, sigma, good, held, step_s, step_m)


@inner_kernel
def _drive(s: Record, p: Record, fix: Fix, odometer_m: float) -> None:
    """Metres driven grow only by good fixes that are beyond the noise of the last one counted; by the odometer if it is fine
    enough to agree with them, which knows of curves."""
    if s["acc_us"] == _NEVER_US:
        s["drv_lon"], s["drv_lat"], s["drv_odo"] = int(fix.lon), int(fix.lat), odometer_m
        return
    if not fix.good or fix.held:
        return
    moved = metres(s["drv_lon"], s["drv_lat"], fix.lon, fix.lat)
    if moved > 2.0 * fix.sigma:
        rolled_m = float(odometer_m - s["drv_odo"])
        agree = 0.8 * moved - 20.0 <= rolled_m <= max(2.5 * moved + 300.0, p["visits_gap_mps"] * fix.step_s)
        s["driven_m"] += rolled_m if agree else moved
        s["drv_lon"], s["drv_lat"], s["drv_odo"] = int(fix.lon), int(fix.lat), odometer_m


@inner_kernel
def _remember(s: Record, fix: Fix, row: Record) -> None:
    s["acc_us"], s["acc_lon"], s["acc_lat"] = fix.t, int(fix.lon), int(fix.lat)
    s["acc_mps"], s["acc_course"], s["acc_speed_known"] = fix.mps, fix.course, 1 if fix.speed_known else 0
    if fix.good:
        s["good_us"], s["good_lon"], s["good_lat"] = fix.t, row["longitude_e7"], row["latitude_e7"]
        see_well(s, float(row["odometer_m"]))


@inner_kernel
def _follow(
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
    in_depot = _at_depot(s, p, fix, trip)
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
    _pass_proofs(s, p, plans, trip, fix, out)
    _come_back(s, p, trip, in_depot, fix, visits, out)
    return int(allowed)


@inner_kernel
def _get_on(s: Record, p: Record, fix: Fix, allowed: int, out: Teller) -> None:
    """Tell when the van has not left a cell of the road for long: what many do at once is traffic."""
    if not fix.good:
        return
    if allowed != ALLOWED_NOWHERE or s["sl_us"] == 0 or fix.step_s > p["gap_least_s"]:
        s["sl_us"] = 0 if allowed != ALLOWED_NOWHERE else fix.t
    elif metres(s["sl_lon"], s["sl_lat"], fix.lon, fix.lat) > p["traffic_cell_m"]:
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


@inner_kernel
def _at_depot(s: Record, p: Record, fix: Fix, trip: Record) -> bool:
    if trip["depot_m"] <= 0.0:
        return False
    apart = metres(trip["depot_lon"], trip["depot_lat"], fix.lon, fix.lat)
    if fix.good and apart > trip["depot_m"] + max(float(p["trip_away_m"]), 2.0 * fix.sigma):
        s["away"], s["home"] = 1, 0
    return bool(apart <= trip["depot_m"] + fix.sigma)


@inner_kernel
def _come_back(s: Record, p: Record, trip: Record, in_depot: bool, fix: Fix, visits: NDArray[np.void], out: Teller) -> None:
    """Standing in the depot again ends the trip when nothing is left to serve, or its time has come.

    Else the round may look driven and yet go on, as after a second loading: that it is home is told, and may be revised.
    """
    if not (fix.good and in_depot and s["away"] and s["still"]) or (s["st_phase"] != 1 and s["ig"] != 1):
        return
    if fix.t >= trip["planned_end_us"] or _have_all(visits, BIT_SERVED):
        s["over"] = 1
        tell(out, TRIP_OFF, fix.t, s["trip"], fix.lon, fix.lat, 1.0, s["driven_m"], s["rt_s"], 0.0)
        return
    driven = s["rt_known"] and s["rt_s"] >= p["trip_done_share"] * trip["length_m"]
    if not s["home"] and (driven or _have_all(visits, BIT_SERVED | BIT_PASSED)):
        s["home"] = 1
        tell(out, HOME, fix.t, s["trip"], fix.lon, fix.lat, 0.0, s["driven_m"], s["rt_s"], 0.0)


@inner_kernel
def _have_all(visits: NDArray[np.void], bits: int) -> bool:
    for k in range(len(visits)):
        if not visits[k]["bits"] & bits:
            return False
    return True


@inner_kernel
def _pass_proofs(s: Record, p: Record, plans: Plans, trip: Record, fix: Fix, out: Teller) -> None:
    """Where the van was when a proof was captured: between the fixes before and after."""
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
