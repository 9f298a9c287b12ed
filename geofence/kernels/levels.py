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


@inner_kernel
def step_fuel(s: Record, p: Record, t: int, fuel_l: float, allowed: int, out: Teller) -> None:
    """Fuel that goes while the vehicle stands and stays gone. Ignition steady; a moment's slosh comes back."""
    if math.isnan(fuel_l):
        return
    s["fu_l"][s["fu_i"]] = fuel_l
    s["fu_i"] = (s["fu_i"] + 1) % _FUEL_SAMPLES
    s["fu_n"] = min(int(s["fu_n"]) + 1, _FUEL_SAMPLES)
    if s["fu_n"] < _FUEL_SAMPLES or t - s["ig_us"] <= p["fuel_steady_s"] * _SECOND_US:
        return
    level = median(s["fu_l"], _FUEL_SAMPLES)
    if not s["still"] or math.isnan(s["fu_ref"]):
        s["fu_ref"], s["fu_ref_us"], s["fu_low_us"] = level, t, 0
        return
    least = max(float(p["fuel_drop_least_l"]), p["fuel_drop_share"] * p["fuel_tank_l"])
    if s["fu_ref"] - level < least:
        _refresh_fuel(s, p, t, level)
        if level > s["fu_drop"] - least:
            tell(out, FUEL_BACK, t, 0, s["acc_lon"], s["acc_lat"], level, float(s["fu_drop"]), 0.0, 0.0)
            s["fu_drop"] = np.nan
        return
    if s["fu_low_us"] == 0:
        s["fu_low_us"] = t
    if t - s["fu_low_us"] >= p["fuel_drop_held_s"] * _SECOND_US:
        lost, before = float(s["fu_ref"]) - level, float(s["fu_ref"])
        tell(out, FUEL_DROP, s["fu_ref_us"], 0, s["acc_lon"], s["acc_lat"], lost, before, level, float(allowed))
        s["fu_drop"] = s["fu_ref"]
        s["fu_ref"], s["fu_ref_us"], s["fu_low_us"] = level, t, 0


@inner_kernel
def _refresh_fuel(s: Record, p: Record, t: int, level: float) -> None:
    """The level to compare with is the latest that is not lower, at most a quarter of an hour old."""
    s["fu_low_us"] = 0
    if level >= s["fu_ref"] or t - s["fu_ref_us"] > p["fuel_drop_within_s"] * _SECOND_US:
        s["fu_ref"], s["fu_ref_us"] = level, t
