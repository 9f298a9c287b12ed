"""What the van carries and what is in its tank, by medians while it stands."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.facts import ALLOWED_DEPOT, CARGO_BACK, CARGO_DROP, FUEL_BACK, FUEL_DROP
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.telling import Record, Teller, tell

_SECOND_US = 1_000_000
_CARGO_SAMPLES = 16
_FUEL_SAMPLES = 5
_LEVEL_SAMPLES = 5


@inner_kernel
def step_cargo(s: Record, p: Record, t: int, cargo_kg: float, allowed: int, out: Teller) -> None:
    """Weigh while standing. A level lower than the one before by more than noise is told with both levels."""
    if s["still"] != s["cg_still"]:
        s["cg_n"], s["cg_i"], s["cg_stand"], s["cg_still"] = 0, 0, t, s["still"]
        if s["still"] and s["cg_stale"]:
            s["cg_ref"] = np.nan
        s["cg_stale"] = 1 if not s["still"] and s["cg_served"] else 0
    if math.isnan(cargo_kg):
        return
    s["cg_served"] = 1 if s["still"] and allowed <= ALLOWED_DEPOT else 0
    if not s["still"] and not s["cg_stale"]:
        return
    s["cg_kg"][s["cg_i"]] = cargo_kg
    s["cg_us"][s["cg_i"]] = t
    s["cg_i"] = (s["cg_i"] + 1) % _CARGO_SAMPLES
    s["cg_n"] = min(int(s["cg_n"]) + 1, _CARGO_SAMPLES)
    window_us = p["cargo_window_s"] * _SECOND_US
    if not s["still"]:
        _take_level(s, t)
    elif t - s["cg_stand"] >= window_us:
        _weigh(s, p, t, window_us, allowed, out)


@inner_kernel
def _take_level(s: Record, t: int) -> None:
    """Goods go on leaving until a delivery's end, so the level after it is that of the first minute on the road."""
    if s["cg_n"] >= _LEVEL_SAMPLES:
        s["cg_ref"], s["cg_ref_us"], s["cg_stale"] = float(np.median(s["cg_kg"][:_LEVEL_SAMPLES])), t, 0


@inner_kernel
def _weigh(s: Record, p: Record, t: int, window_us: float, allowed: int, out: Teller) -> None:
    recent = np.empty(_CARGO_SAMPLES)
    count = 0
    for back in range(s["cg_n"]):
        j = (s["cg_i"] + _CARGO_SAMPLES - 1 - back) % _CARGO_SAMPLES
        if t - s["cg_us"][j] <= max(window_us, 2.5 * s["interval_s"] * _SECOND_US):
            recent[count] = s["cg_kg"][j]
            count += 1
    if count < p["cargo_samples"]:
        return
    level, before = float(np.median(recent[:count])), float(s["cg_ref"])
    least = max(float(p["cargo_weight_drop_least_kg"]), p["cargo_weight_drop_share"] * level)
    if not _settled(recent, count, least):
        return
    least = max(least, 4.0 * 1.4826 * float(np.median(np.abs(recent[:count] - level))))
    if s["cg_drop"] - level <= least:
        tell(out, CARGO_BACK, t, 0, s["acc_lon"], s["acc_lat"], level, float(s["cg_drop"]), 0.0, 0.0)
        s["cg_drop"] = np.nan
    if before - level >= least:
        tell(out, CARGO_DROP, s["cg_ref_us"], 0, s["acc_lon"], s["acc_lat"], before - level, before, level, float(allowed))
        s["cg_drop"] = before
    s["cg_ref"], s["cg_ref_us"] = level, t


@inner_kernel
def _settled(recent: NDArray[np.float64], count: int, least: float) -> bool:
    """The newer half of the window weighs as the older: nobody is lifting or standing on the bed at this moment."""
    half = count // 2
    newer, older = np.median(recent[:half]), np.median(recent[half:count])
    return bool(abs(newer - older) < least)


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
    level = float(np.median(s["fu_l"]))
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
