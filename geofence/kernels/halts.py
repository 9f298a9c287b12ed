"""Stay points: where the vehicle stands, from when to when.

After Li et al., "Mining user similarity based on location history" (2008), made incremental: a candidate grows around its
mean place, becomes a stop when it is old enough, and a stop that was left for a moment goes on.
"""

from __future__ import annotations

from geofence.facts import STAY_HELD, STAY_OFF, STAY_ON, STAY_QUEUED
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.ground import east_e7, metres
from geofence.kernels.telling import Fix, Record, Teller, tell

_SECOND_US = 1_000_000
_HEAVIEST = 200
_RED, _LONG, _PARKED = 1, 2, 4
_ROLLED_M = 100.0


@inner_kernel
def step_halt(s: Record, p: Record, fix: Fix, allowed: int, out: Teller) -> None:
    """Take one fix. `allowed` is the place where halting is allowed that holds this fix (see ALLOWED_NOWHERE)."""
    radius = max(float(p["stop_least_radius_m"]), p["stop_sigmas"] * fix.sigma)
    fast = fix.speed_known and fix.mps > p["stop_leave_mps"] and not fix.held
    if not fix.good:
        if s["st_phase"] == 1 and not fast and metres(s["st_lon"], s["st_lat"], fix.lon, fix.lat) <= radius:
            _see(s, p, fix, out)
        return
    s["still"] = 0
    if s["st_phase"] != 0 and rolled(s, p):
        finish_halt(s, out)
        s["cd_n"] = 0
    if s["st_phase"] == 2:
        _left(s, p, fix, fast, out)
    if s["st_phase"] == 1:
        _stand(s, p, fix, fast, radius, allowed, out)
    if s["st_phase"] != 1:
        _gather(s, p, fix, fast, radius, allowed, out)


@inner_kernel
def finish_halt(s: Record, out: Teller) -> None:
    """Tell that the stop is over, as it is by now."""
    if s["st_phase"] != 0:
        tell(out, STAY_OFF, s["st_start"], s["st_allowed"], s["st_lon"], s["st_lat"], float(s["st_last"]), 0.0, 0.0, 0.0)
    s["st_phase"] = 0


@inner_kernel
def _left(s: Record, p: Record, fix: Fix, fast: bool, out: Teller) -> None:
    if fix.t - s["st_last"] > p["stop_merge_s"] * _SECOND_US:
        finish_halt(s, out)
    elif not fast and metres(s["st_lon"], s["st_lat"], fix.lon, fix.lat) <= p["stop_merge_m"]:
        s["st_phase"] = 1
        s["st_out"] = 0
        s["cd_n"] = 0


@inner_kernel
def _stand(s: Record, p: Record, fix: Fix, fast: bool, radius: float, allowed: int, out: Teller) -> None:
    away = metres(s["st_lon"], s["st_lat"], fix.lon, fix.lat)
    if fast or away > radius + p["stop_leave_m"]:
        s["st_out"] += 1
        if s["st_out"] >= 2:
            s["st_phase"] = 2
            s["cd_n"] = 0
        return
    s["st_out"] = 0
    s["still"] = 1
    if away <= radius:
        s["st_n"] = min(int(s["st_n"]) + 1, _HEAVIEST)
        s["st_lon"] += east_e7(s["st_lon"], fix.lon) / s["st_n"]
        s["st_lat"] += (fix.lat - s["st_lat"]) / s["st_n"]
    _see(s, p, fix, out)
    if allowed != -1:
        s["st_allowed"] = allowed
    if not s["st_level"] & _RED and s["st_seen"] >= p["unscheduled_stop_red_s"]:
        s["st_level"] |= _RED
        _tell_held(s, fix, _RED, out)
    if not s["st_level"] & _LONG and s["st_seen"] >= p["unscheduled_stop_least_s"]:
        s["st_level"] |= _LONG
        _tell_held(s, fix, _LONG, out)


@inner_kernel
def rolled(s: Record, p: Record) -> bool:
    """The odometer contradicts the stop: it was left, for the next kerb or while nobody could see, or the position is not
    the vehicle's."""
    return bool(s["pv_odo"] - s["st_odo"] > _ROLLED_M or s["pv_odo"] - s["st_roll"] > p["stop_merge_m"])


@inner_kernel
def _see(s: Record, p: Record, fix: Fix, out: Teller) -> None:
    """The stop lasts; time without a word counts only where a parked tracker sleeps, or the odometer says that it stood."""
    since_s = (fix.t - s["st_last"]) / _SECOND_US
    if s["ig"] == 1:
        s["st_parked"] = 1
    rolled_m = s["pv_odo"] - s["st_roll"]
    if rolled_m > p["stand_move_m"]:
        _creep(s, p, out)
    unheard = since_s > max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"])
    if not unheard or s["ig_slept"] or rolled_m <= p["stand_move_m"]:
        s["st_seen"] += since_s
        s["st_part"] += since_s
    s["st_last"] = fix.t


@inner_kernel
def _creep(s: Record, p: Record, out: Teller) -> None:
    """It moved on by a car or two. Standing shortly between two such moves is waiting, and after several of them it is a queue
    that it stands in, unless the engine was switched off."""
    s["st_roll"] = s["pv_odo"]
    s["st_rolls"] = min(int(s["st_rolls"]) + 1, 255)
    if not s["st_parked"]:
        if s["st_part"] < p["stop_wait_s"]:
            s["st_seen"] -= s["st_part"]
        if s["st_rolls"] >= p["stop_creeps"]:
            s["st_seen"], s["st_level"] = 0.0, 0
            tell(out, STAY_QUEUED, s["st_start"], int(s["st_rolls"]), s["st_lon"], s["st_lat"], 0.0, 0.0, 0.0, 0.0)
    s["st_part"] = 0.0


@inner_kernel
def _tell_held(s: Record, fix: Fix, level: int, out: Teller) -> None:
    red = float(s["nearest_red"])
    if s["st_parked"]:
        level |= _PARKED
    tell(out, STAY_HELD, s["st_start"], level, s["st_lon"], s["st_lat"], s["st_seen"], fix.sigma, float(s["st_allowed"]), red)


@inner_kernel
def _gather(s: Record, p: Record, fix: Fix, fast: bool, radius: float, allowed: int, out: Teller) -> None:
    if s["cd_n"] > 0 and not fast and metres(s["cd_lon"], s["cd_lat"], fix.lon, fix.lat) <= radius:
        s["cd_n"] = min(int(s["cd_n"]) + 1, _HEAVIEST)
        s["cd_lon"] += east_e7(s["cd_lon"], fix.lon) / s["cd_n"]
        s["cd_lat"] += (fix.lat - s["cd_lat"]) / s["cd_n"]
        since_s = (fix.t - s["cd_last"]) / _SECOND_US
        if since_s <= max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"]) or s["ig_slept"]:
            s["cd_seen"] += since_s
        s["cd_last"] = fix.t
        s["still"] = 1
        if fix.t - s["cd_start"] >= p["stop_least_s"] * _SECOND_US:
            _become_stop(s, p, fix, allowed, out)
        return
    s["cd_n"] = 0 if fast else 1
    s["cd_lon"], s["cd_lat"] = fix.lon, fix.lat
    s["cd_start"], s["cd_last"] = fix.t, fix.t
    s["cd_seen"] = 0.0


@inner_kernel
def _become_stop(s: Record, p: Record, fix: Fix, allowed: int, out: Teller) -> None:
    if s["st_phase"] == 2:
        apart_s = (s["cd_start"] - s["st_last"]) / _SECOND_US
        if apart_s < p["stop_merge_s"] and metres(s["st_lon"], s["st_lat"], s["cd_lon"], s["cd_lat"]) < p["stop_merge_m"]:
            s["st_seen"] += s["cd_seen"] + apart_s
            s["st_part"] += s["cd_seen"] + apart_s
            s["st_phase"], s["st_out"], s["cd_n"] = 1, 0, 0
            s["st_last"] = fix.t
            return
        finish_halt(s, out)
    s["st_phase"], s["st_out"], s["st_level"] = 1, 0, 0
    s["st_n"], s["st_lon"], s["st_lat"] = s["cd_n"], s["cd_lon"], s["cd_lat"]
    s["st_start"], s["st_last"], s["st_seen"] = s["cd_start"], fix.t, s["cd_seen"]
    s["st_allowed"], s["st_odo"] = allowed, s["pv_odo"]
    s["st_roll"], s["st_rolls"], s["st_part"], s["st_parked"] = s["pv_odo"], 0, s["cd_seen"], 0
    s["cd_n"] = 0
    red = float(s["nearest_red"])
    stood_s = (fix.t - s["st_start"]) / _SECOND_US
    tell(out, STAY_ON, s["st_start"], 0, s["st_lon"], s["st_lat"], stood_s, fix.sigma, float(allowed), red)
