"""Standing, told by speed and odometer whatever the fixes are worth; and how long it may have stood where nobody could see it.

A stop (`halts`) needs good fixes around one place. Under poor sky the place is vague, and yet wheels that do not turn say
plainly when the vehicle stood, and the best of the fixes meanwhile say where.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.facts import ALLOWED_DEPOT, CARGO_LEVEL, STAND_OFF, STAND_ON
from geofence.kernels.compiler import inner_kernel, making_kernel
from geofence.kernels.grades import flag
from geofence.kernels.ground import metres
from geofence.kernels.medians import median
from geofence.kernels.telling import Record, Teller, tell

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
_PLACES = 8
_WEIGHINGS = 4
_STILL_MPS, _CREEP_MPS, _FAST_MPS = 0.5, 1.0, 5.0
_LEVEL_MPS = 0.2
_STILL_M = 2.0
_NO_PLACE_M = 1e6
_LEVEL_S = 5.0
_SETTLES_S = 10


@inner_kernel
def step_stand(s: Record, p: Record, row: Record, sigma: float, placed: bool, out: Teller) -> None:
    """Take any row. `placed`: its position counts, with `sigma` metres of uncertainty."""
    t, odometer_m = row["fix_time_us"], float(row["odometer_m"])
    since_s = (t - s["pv_us"]) / _SECOND_US if s["pv_us"] != _NEVER_US else 0.0
    gained = odometer_m - s["pv_odo"]
    if gained < 0.0:
        gained = np.nan  # it was reset
    mps = _speed(s, row, sigma, placed)
    s["gp_mute"] = max(float(s["gp_mute"]), since_s)
    _may_stand(s, p, since_s, odometer_m, gained, mps)
    unheard_s = _unheard_s(s, p, since_s, gained)
    slides = _slides(s, p, row, gained, placed)
    if s["sd_on"] and _moves(s, p, since_s, odometer_m, mps):
        _finish(s, p, unheard_s, out)
    if not s["sd_on"]:
        _begin(s, p, t, since_s, odometer_m, gained, mps)
        s["sd_before"] = unheard_s
        s["fu_lost"] = 1 if unheard_s > 0.0 else s["fu_lost"]
    if s["sd_on"]:
        weighable = mps <= _LEVEL_MPS and not slides
        weighable = weighable or (math.isnan(mps) and gained <= _STILL_M)
        _go_on(s, p, row, sigma, placed, weighable, out)
    s["pv_us"], s["pv_odo"] = t, odometer_m


@inner_kernel
def _speed(s: Record, row: Record, sigma: float, placed: bool) -> float:
    """As reported with a fix, else as the device says that it moves or not, else from the last believed fix; or NaN."""
    if placed and not math.isnan(row["speed_mps"]):
        return float(row["speed_mps"])
    motion = flag(row["flags"], 2)
    if motion != 0:
        return 0.0 if motion == 1 else _FAST_MPS
    if not placed or s["acc_us"] == _NEVER_US:
        return np.nan
    step_m = metres(s["acc_lon"], s["acc_lat"], row["longitude_e7"], row["latitude_e7"])
    if step_m <= 2.0 * sigma:
        return 0.0
    return float(step_m / max((row["fix_time_us"] - s["acc_us"]) / _SECOND_US, 1.0))


@inner_kernel
def _may_stand(s: Record, p: Record, since_s: float, odometer_m: float, gained: float, mps: float) -> None:
    """The longest that it can have stood without a break since the last good fix: creeping on is none, as in `_moves`."""
    crept = gained > _STILL_M and odometer_m - s["gp_from"] > p["stand_move_m"]
    if gained > p["stand_move_m"] or crept:
        spare_s = max(0.0, since_s - gained / p["visits_gap_mps"])
        s["gp_best"] = max(float(s["gp_best"]), s["gp_may"] + spare_s)
        s["gp_may"], s["gp_from"] = spare_s, odometer_m
        return
    s["gp_may"] += since_s
    s["gp_best"] = max(float(s["gp_best"]), float(s["gp_may"]))
    if math.isnan(gained) and mps > p["stop_leave_mps"]:
        s["gp_may"] = 0.0


@inner_kernel
def _unheard_s(s: Record, p: Record, since_s: float, gained: float) -> float:
    """How long it can have stood since the row before, if that was too long ago to know."""
    if since_s <= max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"]):
        return 0.0
    return float(max(0.0, since_s - gained / p["visits_gap_mps"])) if gained >= 0.0 else float(since_s)


@inner_kernel
def _slides(s: Record, p: Record, row: Record, gained: float, placed: bool) -> bool:
    """The wheels turned and the place did not follow: until it does again, a speed of nought says nothing, and only wheels that
    do not turn at all stand still."""
    if placed and gained > p["stand_move_m"] and s["acc_us"] != _NEVER_US:
        moved_m = metres(s["acc_lon"], s["acc_lat"], row["longitude_e7"], row["latitude_e7"])
        s["sd_slides"] = 1 if moved_m < 0.3 * gained else 0
    return bool(s["sd_slides"] and not gained <= 0.0)


@inner_kernel
def see_well(s: Record, odometer_m: float) -> None:
    """A good fix: what may have happened unseen begins anew."""
    s["gp_may"], s["gp_best"], s["gp_mute"] = 0.0, 0.0, 0.0
    s["gp_odo"], s["gp_from"] = odometer_m, odometer_m


@inner_kernel
def _moves(s: Record, p: Record, since_s: float, odometer_m: float, mps: float) -> bool:
    gained = odometer_m - s["sd_odo"]
    if gained < 0.0:
        s["sd_odo"] = odometer_m
    if gained > p["stand_move_m"]:
        return True
    if math.isnan(gained):
        unheard = since_s > max(float(p["gap_least_s"]), p["gap_intervals"] * s["interval_s"]) and not s["ig_slept"]
        return bool(unheard or mps > _CREEP_MPS)
    return bool(mps > p["stop_leave_mps"])


@inner_kernel
def _begin(s: Record, p: Record, t: int, since_s: float, odometer_m: float, gained: float, mps: float) -> None:
    if mps < _STILL_MPS:
        s["sd_since"] = s["pv_us"] if gained <= _STILL_M and since_s <= p["gap_least_s"] else t
    elif math.isnan(mps) and gained <= _STILL_M and since_s >= 10.0:
        s["sd_since"] = s["pv_us"]
    else:
        return
    s["sd_on"], s["sd_told"], s["sd_n"], s["sd_odo"], s["cg_n"] = 1, 0, 0, odometer_m, 0


@inner_kernel
def _go_on(s: Record, p: Record, row: Record, sigma: float, placed: bool, weighable: bool, out: Teller) -> None:
    t = row["fix_time_us"]
    s["sd_last"] = t
    if placed:
        at = s["sd_n"] % _PLACES
        s["sd_lon"][at], s["sd_lat"][at], s["sd_sigma"][at] = row["longitude_e7"], row["latitude_e7"], sigma
        s["sd_n"] = s["sd_n"] + 1 if s["sd_n"] < 2 * _PLACES - 1 else _PLACES
    if weighable and not math.isnan(row["cargo_kg"]):
        if s["cg_n"] == 0:
            s["cg_entry"] = row["cargo_kg"]
        elif s["cg_n"] == 1 and t - s["cg_us"][0] <= _SETTLES_S * _SECOND_US:
            s["cg_entry"] = row["cargo_kg"]  # the load shook still at the first
        at = s["cg_n"] % _WEIGHINGS
        s["cg_kg"][at], s["cg_us"][at] = row["cargo_kg"], t
        s["cg_n"] = s["cg_n"] + 1 if s["cg_n"] < 2 * _WEIGHINGS - 1 else _WEIGHINGS
    stood_s = (t - s["sd_since"]) / _SECOND_US
    if not s["sd_told"] and stood_s + s["sd_before"] >= p["stand_least_s"]:
        s["sd_told"] = 1
        lon, lat, unsure = _place(s)
        tell(out, STAND_ON, s["sd_since"], _allowed(s), lon, lat, stood_s, unsure, float(s["sd_before"]), _driven_m(s))


@inner_kernel
def _finish(s: Record, p: Record, unheard_s: float, out: Teller) -> None:
    lon, lat, unsure = _place(s)
    until, unseen_s = float(s["sd_last"]), s["sd_before"] + unheard_s
    stood_s = (s["sd_last"] - s["sd_since"]) / _SECOND_US
    if s["sd_told"]:
        tell(out, STAND_OFF, s["sd_since"], _allowed(s), lon, lat, until, unsure, unseen_s, _driven_m(s))
    elif stood_s + unseen_s >= p["stand_least_s"]:
        tell(out, STAND_ON, s["sd_since"], _allowed(s), lon, lat, stood_s, unsure, unseen_s, _driven_m(s))
        tell(out, STAND_OFF, s["sd_since"], _allowed(s), lon, lat, until, unsure, unseen_s, _driven_m(s))
    if s["cg_n"] > 1 and stood_s >= _LEVEL_S:
        level, agreeing = _level(s, p)
        entry = float(s["cg_entry"])
        if unsure >= _NO_PLACE_M:
            agreeing = -1
        tell(out, CARGO_LEVEL, s["sd_since"], _allowed(s), lon, lat, entry, level, float(agreeing), until)
    s["sd_on"] = 0


@inner_kernel
def _driven_m(s: Record) -> float:
    """Metres driven by the begin of the stand, with what the odometer says of the way no good fix told of."""
    since = float(s["sd_odo"] - s["drv_odo"])
    return float(s["driven_m"] + since) if since > 0.0 else float(s["driven_m"])


@inner_kernel
def _allowed(s: Record) -> int:
    return ALLOWED_DEPOT if s["in_depot"] else int(s["nearest_allowed"])


@making_kernel
def _place(s: Record) -> tuple[float, float, float]:
    """The median of the best fixes, and their sigma."""
    n = min(int(s["sd_n"]), _PLACES)
    if n == 0:
        return float(s["acc_lon"]), float(s["acc_lat"]), _NO_PLACE_M
    best = float(s["sd_sigma"][0])
    for j in range(1, n):
        best = min(best, float(s["sd_sigma"][j]))
    lons, lats, count = np.empty(_PLACES), np.empty(_PLACES), 0
    for j in range(n):
        if s["sd_sigma"][j] <= 1.5 * best:
            lons[count], lats[count] = s["sd_lon"][j], s["sd_lat"][j]
            count += 1
    return _middle(lons, count), _middle(lats, count), best


@inner_kernel
def _middle(values: NDArray[np.float64], count: int) -> float:
    """Median of the first `count`. Fixes of one stand on both sides of the date line would have none."""
    return median(values, count)


@making_kernel
def _level(s: Record, p: Record) -> tuple[float, int]:
    """What it weighed last, and how many weighings of the last window say so."""
    n = min(int(s["cg_n"]), _WEIGHINGS)
    last = (s["cg_n"] - 1) % _WEIGHINGS
    level, agreeing = float(s["cg_kg"][last]), 0
    near = max(0.5 * p["cargo_weight_drop_least_kg"], 0.5 * p["cargo_weight_drop_share"] * level)
    kept = np.empty(_WEIGHINGS)
    for j in range(n):
        recent = s["cg_us"][last] - s["cg_us"][j] <= p["cargo_window_s"] * _SECOND_US
        if recent and abs(s["cg_kg"][j] - level) <= near:
            kept[agreeing] = s["cg_kg"][j]
            agreeing += 1
    return median(kept, agreeing), agreeing
