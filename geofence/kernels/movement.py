"""Speeding, harsh driving, and moving when nobody should."""

from __future__ import annotations

import math

from geofence.facts import (
    DOOR_MOVING_OFF,
    DOOR_MOVING_ON,
    HARSH,
    MOVED_OFF,
    NIGHT_ON,
    SPEED_OFF,
    SPEED_ON,
    TOW_ON,
)
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.ground import metres
from geofence.kernels.telling import Fix, Record, Teller, tell

_SECOND_US = 1_000_000
_SPEED_NOISE_MPS = 0.3
_ROLLED_MOST_S = 60.0
_HOUR_US = 3_600 * _SECOND_US
_DAY_US = 24 * _HOUR_US


@inner_kernel
def step_speed(s: Record, p: Record, fix: Fix, odometer_mps: float, out: Teller) -> None:
    """More than the limit's tolerance for long enough, over enough fixes.

    Under a poor sky the odometer has to agree: since the fix before, or, as a vehicle may have picked up speed only since then,
    until the next one.
    """
    limit, zone = float(p["overspeed_limit_mps"]), -1
    if s["zone_limit"] < limit:
        limit, zone = float(s["zone_limit"]), s["limit_zone"]
    most, paused = float(p["overspeed_tolerance"] * limit), fix.step_s > p["overspeed_gap_s"]
    if paused:
        _slow_down(s, zone, fix, out)
    believed = fix.good or odometer_mps > most
    if believed and fix.mps > most:
        if s["os_n"] == 0:
            was_fast = s["os_us"] == s["acc_us"] and odometer_mps > most and not paused
            s["os_n"], s["os_us"] = (1, s["os_us"]) if was_fast else (0, fix.t)
            s["os_peak"], s["os_limit"] = 0.0, limit
        s["os_n"] = min(int(s["os_n"]) + 1, 255)
        s["os_last"] = fix.t
        s["os_peak"] = max(float(s["os_peak"]), fix.mps)
        lasted = fix.t - s["os_us"] >= p["overspeed_least_s"] * _SECOND_US
        if not s["os_on"] and s["os_n"] >= p["overspeed_fixes"] and lasted:
            s["os_on"] = 1
            tell(out, SPEED_ON, s["os_us"], zone, fix.lon, fix.lat, float(s["os_limit"]), float(s["os_peak"]), fix.course, 0.0)
        return
    if believed and fix.mps > most - _SPEED_NOISE_MPS and s["os_n"] > 0:
        return  # for what a reported speed is worth
    _slow_down(s, zone, fix, out)
    if fix.mps > most:
        s["os_us"] = fix.t  # if the wheels agree at the next fix


@inner_kernel
def _slow_down(s: Record, zone: int, fix: Fix, out: Teller) -> None:
    """No longer too fast, or nobody knows."""
    if s["os_on"]:
        first, peak = float(s["os_us"]), float(s["os_peak"])
        tell(out, SPEED_OFF, s["os_last"], zone, fix.lon, fix.lat, float(s["os_limit"]), peak, first, 0.0)
    s["os_on"], s["os_n"] = 0, 0


@inner_kernel
def step_harsh(s: Record, p: Record, fix: Fix, known_before: bool, mps_before: float, out: Teller) -> None:
    """Braking or acceleration between two reported speeds at most 2 s apart."""
    if not (fix.good and fix.speed_known and known_before) or not 0.0 < fix.step_s <= p["harsh_driving_most_dt_s"]:
        return
    gained = (fix.mps - mps_before) / fix.step_s
    if (gained <= -p["harsh_driving_brake_mps2"] or gained >= p["harsh_driving_accelerate_mps2"]) and (
        fix.t - s["hs_us"] >= p["harsh_driving_apart_s"] * _SECOND_US
    ):
        s["hs_us"] = fix.t
        tell(out, HARSH, fix.t, 0, fix.lon, fix.lat, gained, fix.mps, 0.0, 0.0)


@inner_kernel
def rolled_mps(s: Record, row: Record) -> float:
    """How fast the wheels have turned since the row before; NaN without an odometer, or when that was too long ago to tell."""
    since_s = (row["fix_time_us"] - s["pv_us"]) / _SECOND_US
    gained = float(row["odometer_m"] - s["pv_odo"])
    return gained / since_s if 0.0 < since_s <= _ROLLED_MOST_S and gained >= 0.0 else math.nan


@inner_kernel
def step_door_moving(s: Record, p: Record, t: int, lon: float, lat: float, mps: float, out: Teller) -> None:
    """Driving with the door open, by a speed that is believed (NaN: nobody knows); a door that never was seen closed is a
    broken sensor."""
    if math.isnan(mps):
        return
    opened = s["dr_state"] == 2 and s["dr_closed"]
    if opened and mps > p["door_open_moving_least_mps"]:
        _drive_open(s, t)
        driven_us = t - s["dm_us"] - s["dm_halted_s"] * _SECOND_US
        if not s["dm_on"] and driven_us >= p["door_open_moving_least_s"] * _SECOND_US:
            s["dm_on"] = 1
            tell(out, DOOR_MOVING_ON, s["dm_us"], 0, lon, lat, mps, float(s["dr_us"]), 0.0, 0.0)
        return
    if opened and s["dm_us"] != 0 and t - s["dm_last"] < p["door_open_moving_pause_s"] * _SECOND_US:
        s["dm_halts"] = 1
        return
    if s["dm_on"]:
        tell(out, DOOR_MOVING_OFF, s["dm_last"], 0, lon, lat, float(s["dm_us"]), 0.0, 0.0, 0.0)
    s["dm_on"], s["dm_us"] = 0, 0


@inner_kernel
def _drive_open(s: Record, t: int) -> None:
    """Since when it drives with the door open, and how long of that it halted."""
    if s["dm_us"] == 0:
        s["dm_us"], s["dm_halted_s"] = t, 0.0
    elif s["dm_halts"]:
        s["dm_halted_s"] += (t - s["dm_last"]) / _SECOND_US
    s["dm_last"], s["dm_halts"] = t, 0


@inner_kernel
def is_night(t: int, lon: float, p: Record) -> bool:
    """Between the night's hours of local time, which may pass midnight; without a clock of its own, by the nearest half hour
    of the sun's."""
    offset_min = float(p["local_offset_min"])
    if p["local_by_longitude"] > 0.0:
        offset_min = 30.0 * round(lon * 1e-7 / 7.5)
    hour = ((t + offset_min * 60.0 * _SECOND_US) % _DAY_US) / _HOUR_US
    if p["night_movement_from_h"] > p["night_movement_until_h"]:
        return bool(hour >= p["night_movement_from_h"] or hour < p["night_movement_until_h"])
    return bool(p["night_movement_from_h"] <= hour < p["night_movement_until_h"])


@inner_kernel
def step_rest(s: Record, p: Record, fix: Fix, raw_lon: float, raw_lat: float, on_trip: bool, out: Teller) -> None:
    """Away from where it rested: at night without a trip, or with the ignition off."""
    if not fix.good:
        return
    if s["st_phase"] == 1 and s["still"]:
        s["rs_known"], s["rs_lon"], s["rs_lat"] = 1, int(s["st_lon"]), int(s["st_lat"])
        s["mv_n"] = 0
        if s["nm_on"]:
            s["nm_on"] = 0
            tell(out, MOVED_OFF, s["st_start"], 0, fix.lon, fix.lat, 0.0, 0.0, 0.0, 0.0)
    _night(s, p, fix, on_trip, out)
    _tow(s, p, fix, raw_lon, raw_lat, out)


@inner_kernel
def _night(s: Record, p: Record, fix: Fix, on_trip: bool, out: Teller) -> None:
    if on_trip or not s["rs_known"] or s["nm_on"] or not is_night(fix.t, fix.lon, p):
        s["mv_n"] = 0
        return
    away = metres(s["rs_lon"], s["rs_lat"], fix.lon, fix.lat)
    s["mv_n"] = min(int(s["mv_n"]) + 1, 255) if away - fix.sigma > p["night_movement_least_m"] else 0
    if s["mv_n"] >= p["night_movement_fixes"]:
        s["nm_on"] = 1
        tell(out, NIGHT_ON, fix.t, 0, fix.lon, fix.lat, away, float(s["rs_lon"]), float(s["rs_lat"]), 0.0)


@inner_kernel
def _tow(s: Record, p: Record, fix: Fix, raw_lon: float, raw_lat: float, out: Teller) -> None:
    if s["ig"] != 1:
        return
    if s["tw_on"] == 0:
        s["tw_on"], s["tw_lon"], s["tw_lat"] = 1, int(raw_lon), int(raw_lat)
    if s["tw_on"] == 1 and s["st_phase"] == 1 and s["still"]:
        s["tw_lon"], s["tw_lat"] = int(s["st_lon"]), int(s["st_lat"])
    away = metres(s["tw_lon"], s["tw_lat"], raw_lon, raw_lat)
    s["tw_n"] = min(int(s["tw_n"]) + 1, 255) if away - fix.sigma > p["towed_least_m"] else 0
    if s["tw_on"] == 1 and s["tw_n"] >= p["towed_fixes"]:
        s["tw_on"] = 2
        tell(out, TOW_ON, fix.t, 0, raw_lon, raw_lat, away, float(s["tw_lon"]), float(s["tw_lat"]), 0.0)
