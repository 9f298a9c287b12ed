"""The loop over rows: grades each, believes or doubts it, and lets every primitive take it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.grading import GOOD, IMPLIED_SPEED, ODOMETER, REJECTED, SUSPECT
from geofence.kernels.compiler import inlined, inner_kernel, lending_kernel
from geofence.kernels.doubts import SUSPECTS, doubt, jumps, outruns_wheels, told_at_another_time
from geofence.kernels.following import follow, pass_proofs
from geofence.kernels.grades import flag, grade, says_nothing, sigma_m
from geofence.kernels.ground import course, metres
from geofence.kernels.halts import step_halt
from geofence.kernels.layout import Land, Memory, Plans
from geofence.kernels.levels import step_fuel
from geofence.kernels.movement import rolled_mps, step_door_moving, step_harsh, step_rest, step_speed
from geofence.kernels.places import step_places
from geofence.kernels.signals import find_fix, miss_fix, step_odometer, step_signals
from geofence.kernels.silence import hear
from geofence.kernels.stands import see_well, step_stand
from geofence.kernels.telling import Fix, Record, Teller
from geofence.kernels.trips import choose_trip, is_on_trip, tuning

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
_THROWN_M = 300.0  # as far as reflections between tall buildings throw a fix that looks good


@lending_kernel
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
        choose_trip(s, memory, plans, slot, row["fix_time_us"], out)
        p = tuning(s, plans, slot, row["fix_time_us"])
        hear(s, plans, slot, row, out)
        grades[i], reasons[i] = grade(row, p)
        if says_nothing(row):
            continue  # but that the device lives
        if told_at_another_time(s, row):
            grades[i], reasons[i] = SUSPECT, ODOMETER
            continue
        step_signals(s, p, row, is_on_trip(s), out)
        wheels_mps = rolled_mps(s, row)
        if grades[i] == REJECTED:
            step_door_moving(s, p, row["fix_time_us"], s["acc_lon"], s["acc_lat"], wheels_mps, out)
            step_stand(s, p, row, 0.0, False, out)
            miss_fix(s, p, row, is_on_trip(s), out)
            continue
        if jumps(p, s["acc_us"], s["acc_lon"], s["acc_lat"], row) or outruns_wheels(s, row):
            if doubt(s, memory.suspects[slot], p, row):
                grades[i], reasons[i] = SUSPECT, IMPLIED_SPEED
                step_door_moving(s, p, row["fix_time_us"], s["acc_lon"], s["acc_lat"], wheels_mps, out)
                step_stand(s, p, row, 0.0, False, out)
                miss_fix(s, p, row, is_on_trip(s), out)
                continue
            for j in range(SUSPECTS):
                _believe(s, p, memory, plans, land, slot, memory.suspects[slot, j], math.nan, out)
        s["suspects"] = 0
        step_stand(s, p, row, sigma_m(row, p), True, out)
        _believe(s, p, memory, plans, land, slot, row, wheels_mps, out)
    return len(rows)


@inlined
def _believe(
    s: Record, p: Record, memory: Memory, plans: Plans, land: Land, slot: int, row: Record, wheels_mps: float, out: Teller
) -> None:
    """A fix that counts: everything that depends on where the vehicle is. `wheels_mps`: how fast the odometer goes, or NaN."""
    known_before, mps_before, odometer_before_m = s["acc_speed_known"] == 1, float(s["acc_mps"]), float(s["acc_odo"])
    fix, driven_before_m = _as_fix(s, p, row), float(s["driven_m"])
    _drive(s, p, fix, float(row["odometer_m"]))
    find_fix(s, fix, row["odometer_m"], out)
    if len(land.zones) > 0:
        step_places(s, p, fix, land.shapes, land.scratch, land.zones, out)
    on_trip = is_on_trip(s)
    allowed = s["nearest_allowed"]
    if on_trip:
        allowed = follow(s, p, memory, plans, slot, fix, allowed, driven_before_m, out)
    else:
        step_halt(s, p, fix, allowed, out)
        if s["trip"] >= 0:
            pass_proofs(s, p, plans, fix, out)
    step_speed(s, p, fix, float((row["odometer_m"] - odometer_before_m) / max(fix.step_s, 1.0)), out)
    step_harsh(s, p, fix, known_before, mps_before, out)
    step_door_moving(s, p, fix.t, fix.lon, fix.lat, fix.mps if fix.good else wheels_mps, out)
    step_rest(s, p, fix, row["longitude_e7"], row["latitude_e7"], on_trip, out)
    step_odometer(s, p, fix, row["odometer_m"], out)
    step_fuel(s, p, fix.t, row["fuel_l"], allowed, out)
    _remember(s, fix, row)


@inlined
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
    enough to agree with them, which knows of curves. While it did, what is further than it rolled has not been driven."""
    if s["acc_us"] == _NEVER_US:
        s["drv_lon"], s["drv_lat"], s["drv_odo"] = int(fix.lon), int(fix.lat), odometer_m
        return
    if not fix.good or fix.held:
        return
    counted_last = s["drv_lon"] == s["acc_lon"] and s["drv_lat"] == s["acc_lat"]
    moved = fix.step_m if counted_last else metres(s["drv_lon"], s["drv_lat"], fix.lon, fix.lat)
    if moved > 2.0 * fix.sigma:
        rolled_m = float(odometer_m - s["drv_odo"])
        since_s = fix.step_s if s["good_us"] == _NEVER_US else (fix.t - s["good_us"]) / _SECOND_US
        agree = 0.8 * moved - 20.0 <= rolled_m <= max(2.5 * moved + 300.0, p["visits_gap_mps"] * since_s)
        if not agree and s["drv_rolls"] and 0.0 <= rolled_m < moved <= rolled_m + _THROWN_M:
            return  # a reflection, from which it will be back
        s["drv_rolls"] = 1 if agree and rolled_m > 0.0 else 0
        s["driven_m"] += rolled_m if agree else moved
        s["drv_lon"], s["drv_lat"], s["drv_odo"] = int(fix.lon), int(fix.lat), odometer_m


@inner_kernel
def _remember(s: Record, fix: Fix, row: Record) -> None:
    s["acc_us"], s["acc_lon"], s["acc_lat"] = fix.t, int(fix.lon), int(fix.lat)
    s["acc_mps"], s["acc_course"], s["acc_speed_known"] = fix.mps, fix.course, 1 if fix.speed_known else 0
    if fix.good:
        s["good_us"], s["good_lon"], s["good_lat"] = fix.t, row["longitude_e7"], row["latitude_e7"]
        see_well(s, float(row["odometer_m"]))
