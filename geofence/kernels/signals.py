"""Ignition, doors, supply, alarms and the odometer: read from every row, whatever its fix is worth."""

from __future__ import annotations

import math

from geofence.facts import (
    ALARM,
    DOOR_HELD,
    DOOR_OFF,
    DOOR_ON,
    FIX_BACK,
    FIX_LOST,
    IGNITION_LONG,
    IGNITION_OFF,
    MOVED_OFF,
    POWER_OFF,
    POWER_ON,
    SPOOF_OFF,
    SPOOF_ON,
)
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.grades import flag
from geofence.kernels.ground import metres
from geofence.kernels.halts import rolled
from geofence.kernels.movement import is_night
from geofence.kernels.telling import Fix, Record, Teller, tell

_SECOND_US = 1_000_000
_ODOMETER_MOST_MPS = 70.0
_ROLLED_M = 100.0
_SIGMAS = 2.0
_BEGUN = 0.25


@inner_kernel
def step_signals(s: Record, p: Record, row: Record, on_trip: bool, out: Teller) -> None:
    """Take one row."""
    t = row["fix_time_us"]
    s["ig_slept"] = 1 if s["ig"] == 1 else 0
    unheard = (
        t - s["pv_us"] > p["gap_least_s"] * _SECOND_US and t - s["pv_us"] > p["gap_intervals"] * s["interval_s"] * _SECOND_US
    )
    if s["tw_on"] == 1 and unheard and not row["odometer_m"] - s["pv_odo"] <= _ROLLED_M:
        s["tw_on"], s["tw_n"] = 0, 0  # it was driven meanwhile, as far as anybody knows
    _ignition(s, p, flag(row["flags"], 1), t, unheard, on_trip, out)
    _door(s, p, flag(row["flags"], 3), t, out)
    _power(s, p, row["external_v"], t, on_trip, out)
    fresh = row["alarms"] & ~s["al_bits"]
    s["al_bits"] = row["alarms"]
    if fresh:
        tell(out, ALARM, t, 0, s["acc_lon"], s["acc_lat"], float(fresh), 0.0, 0.0, 0.0)


@inner_kernel
def _ignition(s: Record, p: Record, now: int, t: int, paused: bool, on_trip: bool, out: Teller) -> None:
    if now == 1 and s["ig"] == 1 and not paused:
        s["ig_awake_us"] = max(s["ig_awake_us"], t - s["ig_heard_us"])
    elif now == 1:
        s["ig_heard_us"] = t
    if now != 0 and now != s["ig"]:
        if s["ig"] == 2 and s["ig_told"]:
            tell(out, IGNITION_OFF, t, 0, s["acc_lon"], s["acc_lat"], float(s["ig_us"]), 0.0, 0.0, 0.0)
        if s["tw_on"] == 2:
            tell(out, MOVED_OFF, t, 1, s["acc_lon"], s["acc_lat"], 0.0, 0.0, 0.0, 0.0)
        s["ig"], s["ig_us"], s["ig_turn_us"], s["ig_told"], s["tw_on"], s["tw_n"] = now, t, t, 0, 0, 0
    off_hours = not on_trip and is_night(t, float(s["acc_lon"]), p)
    if not off_hours and s["ig"] == 2 and not s["ig_told"]:
        s["ig_us"] = t
    elif off_hours and s["ig"] == 2 and not s["ig_told"] and t - s["ig_us"] > p["off_hours_ignition_least_s"] * _SECOND_US:
        s["ig_told"] = 1
        tell(out, IGNITION_LONG, s["ig_us"], 0, s["acc_lon"], s["acc_lat"], 0.0, 0.0, 0.0, 0.0)


@inner_kernel
def _door(s: Record, p: Record, now: int, t: int, out: Teller) -> None:
    if now == 0:
        return
    open_us = t - s["dr_raw_us"]
    if now != s["dr_raw"]:
        if s["dr_raw"] != 0 and s["dr_raw"] != s["dr_state"] and open_us >= p["door_least_s"] * _SECOND_US:
            _believe_door(s, int(s["dr_raw"]), out)  # it was so until now
        s["dr_raw"], s["dr_raw_us"] = now, t
        return
    if now == 2 and not s["dr_told"] and s["dr_closed"] and open_us >= p["unscheduled_unloading_least_s"] * _SECOND_US:
        s["dr_told"] = 1
        since = float(s["st_start"]) if s["st_phase"] == 1 and s["st_out"] == 0 and not rolled(s, p) else 0.0
        tell(out, DOOR_HELD, s["dr_raw_us"], 0, s["acc_lon"], s["acc_lat"], since, 0.0, 0.0, float(s["st_allowed"]))
    if s["dr_state"] != now and open_us >= p["door_least_s"] * _SECOND_US:
        _believe_door(s, now, out)


@inner_kernel
def _believe_door(s: Record, now: int, out: Teller) -> None:
    if now == 2 and s["dr_state"] == 1:
        tell(out, DOOR_ON, s["dr_raw_us"], 0, s["acc_lon"], s["acc_lat"], 0.0, 0.0, 0.0, 0.0)
    if now == 1 and s["dr_state"] == 2 and s["dr_closed"]:
        tell(out, DOOR_OFF, s["dr_raw_us"], 0, s["acc_lon"], s["acc_lat"], float(s["dr_us"]), 0.0, 0.0, 0.0)
    s["dr_state"], s["dr_us"] = now, s["dr_raw_us"]
    s["dr_told"] = s["dr_told"] if now == 2 else 0
    if now == 1:
        s["dr_closed"] = 1


@inner_kernel
def _power(s: Record, p: Record, volts: float, t: int, on_trip: bool, out: Teller) -> None:
    if math.isnan(volts):
        return
    if volts >= p["power_cut_least_v"]:
        if s["pw_on"]:
            tell(out, POWER_OFF, t, 0, s["acc_lon"], s["acc_lat"], volts, float(s["pw_us"]), 0.0, 0.0)
        s["pw_on"], s["pw_us"] = 0, 0
        return
    if s["pw_us"] == 0:
        s["pw_us"] = t
    if on_trip and not s["pw_on"] and t - s["pw_us"] >= p["power_cut_least_s"] * _SECOND_US:
        s["pw_on"] = 1
        tell(out, POWER_ON, s["pw_us"], 0, s["acc_lon"], s["acc_lat"], volts, 0.0, 0.0, 0.0)


@inner_kernel
def miss_fix(s: Record, p: Record, row: Record, on_trip: bool, out: Teller) -> None:
    """A row without a usable fix: lost when the odometer, the speed or the device says that it moves."""
    moving = flag(row["flags"], 2) == 2 or row["speed_mps"] > p["gps_loss_least_mps"]
    gained = row["odometer_m"] - s["acc_odo"]
    if moving or gained > p["gps_loss_least_m"]:
        s["fl_moved"] = 1
    since = row["fix_time_us"] - s["acc_us"]
    long_ago = since > p["gps_loss_least_s"] * _SECOND_US
    hidden = s["in_dead"] and not gained > p["gps_loss_dead_m"]
    if on_trip and s["fl_moved"] and not s["fl_on"] and s["acc_us"] > 0 and long_ago and not hidden:
        s["fl_on"] = 1
        tell(out, FIX_LOST, s["acc_us"], 0, s["acc_lon"], s["acc_lat"], gained, 0.0, 0.0, 0.0)


@inner_kernel
def find_fix(s: Record, fix: Fix, odometer_m: float, out: Teller) -> None:
    """A believed fix again."""
    if s["fl_on"]:
        tell(out, FIX_BACK, fix.t, 0, fix.lon, fix.lat, float(s["acc_us"]), 0.0, 0.0, 0.0)
    s["fl_on"], s["fl_moved"] = 0, 0
    if not math.isnan(odometer_m):
        s["acc_odo"] = odometer_m


@inner_kernel
def step_odometer(s: Record, p: Record, fix: Fix, odometer_m: float, out: Teller) -> None:
    """A position that stays while the wheels turn is not the vehicle's; poor fixes only prolong what good ones began."""
    begun = s["odo_m"] - s["sp_odo"] >= _BEGUN * p["spoofed_position_least_m"]
    if math.isnan(odometer_m) or not (fix.good or begun):
        return
    before, s["odo_m"] = s["odo_m"], odometer_m
    reset = not 0.0 <= odometer_m - before <= _ODOMETER_MOST_MPS * max(fix.step_s, 1.0) + 100.0
    spread = metres(s["sp_lon"], s["sp_lat"], fix.lon, fix.lat)
    most = p["spoofed_position_most_m"] + (0.0 if fix.good else _SIGMAS * fix.sigma)
    if fix.step_s > p["gap_least_s"] or reset or (spread > most and (fix.good or not s["sp_on"])):
        if s["sp_on"]:
            tell(out, SPOOF_OFF, fix.t, 0, fix.lon, fix.lat, s["odo_m"] - s["sp_odo"], float(s["sp_us"]), 0.0, 0.0)
        s["sp_on"] = 0
        s["sp_lon"], s["sp_lat"], s["sp_odo"], s["sp_us"] = int(fix.lon), int(fix.lat), odometer_m, fix.t
        s["sp_spread"] = 0.0
        return
    if fix.good:
        s["sp_spread"] = max(float(s["sp_spread"]), spread)
    gained = odometer_m - s["sp_odo"]
    if not s["sp_on"] and gained >= p["spoofed_position_least_m"]:
        s["sp_on"] = 1
        tell(out, SPOOF_ON, s["sp_us"], 0, fix.lon, fix.lat, gained, float(s["sp_spread"]), 0.0, 0.0)
