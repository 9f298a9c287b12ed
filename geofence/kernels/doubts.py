"""Rows that are not believed at once: told by a wrong clock, or too far away to have been driven to in that time or by those
wheels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel
from geofence.kernels.ground import is_within
from geofence.kernels.telling import Record

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
SUSPECTS = 3
_ODOMETER_MOST_MPS, _ODOMETER_SLACK_M, _ODOMETER_BACK_M = 50.0, 1000.0, 100.0
_ODOMETER_RESET_S, _ODOMETER_FAR_M = 120, 200_000.0
_ROLLS_MOST, _THROWN_M = 1.1, 500.0  # of the metres by an odometer; as far as two poor fixes may be thrown apart


@inner_kernel
def told_at_another_time(s: Record, row: Record) -> bool:
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
        goes_on = s["ol_odd_n"] > SUSPECTS and t - s["ol_us"] > _ODOMETER_RESET_S * _SECOND_US
        if abs(gained) < _ODOMETER_FAR_M and not goes_on:
            return True
        s["ol_odd_n"] = 0
    s["ol_m"], s["ol_us"] = metres_now, t
    return False


@inner_kernel
def jumps(p: Record, was_us: int, was_lon: float, was_lat: float, row: Record) -> bool:
    """Whether a fix implies more than the top speed from the one before."""
    if was_us == _NEVER_US:
        return False
    seconds = max((row["fix_time_us"] - was_us) / _SECOND_US, 1.0)
    return not is_within(was_lon, was_lat, row["longitude_e7"], row["latitude_e7"], p["fix_top_speed_mps"] * seconds)


@inner_kernel
def outruns_wheels(s: Record, row: Record) -> bool:
    """Whether a fix is further from the last one that counted than the wheels have turned since, by an odometer that agreed
    with the fixes until then. Wheels that do not turn at all say nothing: a vehicle may be carried."""
    rolled_m = float(row["odometer_m"] - s["acc_odo"])
    if not s["drv_rolls"] or not rolled_m > 0.0:
        return False
    reach_m = _ROLLS_MOST * rolled_m + _THROWN_M
    return not is_within(s["acc_lon"], s["acc_lat"], row["longitude_e7"], row["latitude_e7"], reach_m)


@inner_kernel
def doubt(s: Record, suspects: NDArray[np.void], p: Record, row: Record) -> bool:
    """Keep a fix that jumped as a suspect; False when it is the third successor that agrees with the first."""
    n = s["suspects"]
    if n > 0:
        last = suspects[n - 1]
        if jumps(p, last["fix_time_us"], last["longitude_e7"], last["latitude_e7"], row):
            n = 0
    if n >= SUSPECTS:
        return False
    suspects[n] = row
    s["suspects"] = n + 1
    return True
