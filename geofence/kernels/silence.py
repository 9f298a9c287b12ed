"""Devices that do not speak for too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.facts import SILENCE
from geofence.kernels.compiler import inlined, inner_kernel, kernel
from geofence.kernels.grades import flag
from geofence.kernels.ground import metres
from geofence.kernels.layout import Plans
from geofence.kernels.telling import Record, Teller, tell
from geofence.kernels.trips import tuning
from geofence.rows import MISSING_E7

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)


@inlined
def hear(s: Record, plans: Plans, slot: int, row: Record, out: Teller) -> None:
    """Any row breaks the silence."""
    t = row["fix_time_us"]
    since_s = (t - s["last_us"]) / _SECOND_US
    if s["last_us"] != _NEVER_US and since_s > 0.0:
        due_us = silence_due_us(s, tuning(s, plans, slot, s["last_us"]))
        if t > due_us:
            tell_silence(s, float(t), _moved_m(s, row), Teller(out.facts, out.told, out.slot, due_us))
        s["interval_s"] += 0.2 * (min(since_s, 4.0 * s["interval_s"] + 60.0) - s["interval_s"])
    s["last_us"], s["quiet"] = t, 0


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
            due_us = silence_due_us(s, tuning(s, plans, slot, s["last_us"]))
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
