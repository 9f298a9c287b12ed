"""What is in the tank, by medians while it stands."""

from __future__ import annotations

import math

import numpy as np

from geofence.facts import FUEL_BACK, FUEL_DROP
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.medians import median
from geofence.kernels.telling import Record, Teller, tell

_SECOND_US = 1_000_000
_FUEL_SAMPLES = 5
_ENTRY_SAMPLES = 3
_BACK, _GONE_FOR_GOOD = 0, 1


@inner_kernel
def step_fuel(s: Record, p: Record, t: int, fuel_l: float, allowed: int, out: Teller) -> None:
    """Fuel that goes while the vehicle stands and stays gone, on the stands after it, too.

    What a stand began with is compared with what it holds now: a tank that leans reads less from the beginning, and a moment's
    slosh comes back. What is burnt on the way to the next stand is allowed for.
    """
    if math.isnan(fuel_l):
        return
    if s["fu_lost"]:
        s["fu_ref"], s["fu_low_us"], s["fu_drop"], s["fu_lost"] = np.nan, 0, np.nan, 0
    if not s["sd_on"] or t - s["ig_turn_us"] < p["fuel_steady_s"] * _SECOND_US:
        return
    if s["fu_since"] != s["sd_since"]:
        _come_to_stand(s, p)
    s["fu_last"], s["fu_last_us"] = fuel_l, t
    s["fu_l"][s["fu_i"]] = fuel_l
    s["fu_i"] = (s["fu_i"] + 1) % _FUEL_SAMPLES
    s["fu_n"] = min(int(s["fu_n"]) + 1, _FUEL_SAMPLES)
    level = median(s["fu_l"], int(s["fu_n"]))
    if s["fu_low_us"] == 0 and s["fu_n"] <= _ENTRY_SAMPLES:
        _compare_with(s, t, level)
    if s["fu_n"] < _ENTRY_SAMPLES:
        return
    if not math.isnan(s["fu_drop"]):
        _look_again(s, p, t, level, out)
    if math.isnan(s["fu_drop"]):
        _compare(s, p, t, level, allowed, out)


@inner_kernel
def _come_to_stand(s: Record, p: Record) -> None:
    """Fuel that the last reading of the stand before missed is looked for on; else the comparison begins anew."""
    if s["fu_low_us"] == 0 and s["fu_ref"] - s["fu_last"] >= _least_l(p):
        s["fu_low_us"] = s["fu_last_us"]
    s["fu_since"], s["fu_n"], s["fu_i"] = s["sd_since"], 0, 0


@inner_kernel
def _compare_with(s: Record, t: int, level: float) -> None:
    s["fu_ref"], s["fu_ref_us"], s["fu_ref_drv"], s["fu_low_us"] = level, t, s["driven_m"], 0


@inner_kernel
def _least_l(p: Record) -> float:
    return max(float(p["fuel_drop_least_l"]), float(p["fuel_drop_share"] * p["fuel_tank_l"]))


@inner_kernel
def _burnt_l(s: Record, p: Record) -> float:
    """What the way since the level to compare with may have used."""
    return float(p["fuel_drop_use_l_per_km"] * (s["driven_m"] - s["fu_ref_drv"]) / 1000.0)


@inner_kernel
def _compare(s: Record, p: Record, t: int, level: float, allowed: int, out: Teller) -> None:
    lost = s["fu_ref"] - level
    if lost - _burnt_l(s, p) < _least_l(p):
        if s["fu_low_us"] != 0 or level >= s["fu_ref"] or t - s["fu_ref_us"] > p["fuel_drop_within_s"] * _SECOND_US:
            _compare_with(s, t, level)  # the latest that is not lower, at most a quarter of an hour old
        return
    if s["fu_low_us"] == 0:
        s["fu_low_us"] = t
    if t - s["fu_low_us"] >= p["fuel_drop_held_s"] * _SECOND_US:
        before, there = float(s["fu_ref"]), s["fu_ref_us"] >= s["sd_since"]
        tell(out, FUEL_DROP, s["fu_ref_us"], 0, s["acc_lon"], s["acc_lat"], float(lost), before, level, float(allowed))
        if there:
            s["fu_drop"], s["fu_drop_us"], s["fu_drop_drv"] = before, s["sd_since"], s["driven_m"]
        else:
            tell(out, FUEL_BACK, t, _GONE_FOR_GOOD, s["acc_lon"], s["acc_lat"], level, before, 0.0, 0.0)
        _compare_with(s, t, level)


@inner_kernel
def _look_again(s: Record, p: Record, t: int, level: float, out: Teller) -> None:
    """Told on the stand where it went, it is gone for good when the next stand begins without it; later it may be filled."""
    elsewhere = s["fu_drop_us"] != s["sd_since"]
    burnt = p["fuel_drop_use_l_per_km"] * (s["driven_m"] - s["fu_drop_drv"]) / 1000.0
    back = level > s["fu_drop"] - burnt - _least_l(p)
    if back or elsewhere:
        place = _BACK if back else _GONE_FOR_GOOD
        tell(out, FUEL_BACK, t, place, s["acc_lon"], s["acc_lat"], level, float(s["fu_drop"]), 0.0, 0.0)
        s["fu_drop"] = np.nan
