"""What the fixes say of each planned stop: near, arrived, served, left, passed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.facts import (
    ALLOWED_STOP,
    STOP_ARRIVED,
    STOP_CROSSED,
    STOP_DWELLS,
    STOP_LEFT,
    STOP_NEAR,
    STOP_PASSED,
    STOP_SERVED,
    STOP_SHARED,
    STOP_WAITED,
)
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.ground import off_segment
from geofence.kernels.telling import Fix, Record, Teller, tell
from geofence.state import (
    BIT_ARRIVED,
    BIT_CROSSED,
    BIT_ENTERED,
    BIT_INSIDE,
    BIT_LONG,
    BIT_NEAR,
    BIT_PASSED,
    BIT_SERVED,
    BIT_SHARED,
)

_MS_US = 1_000
_SECOND_US = 1_000_000
_LEAVE_FIXES = 2
_BEYOND_DOUBT_M = 1.0
_ROLLS_ON_M = 5.0  # further than one moves to park


@inner_kernel
def at_stop(stops: NDArray[np.void], x: float, y: float, slack_m: float) -> int:
    """The number of the nearest stop whose circle, widened by `slack_m`, holds (x, y); -1 for none."""
    nearest, which = np.inf, -1
    for k in range(len(stops)):
        dx, dy = x - stops[k]["x"], y - stops[k]["y"]
        square = dx * dx + dy * dy
        reach = stops[k]["radius_m"] + slack_m
        if square <= reach * reach and square < nearest:
            nearest, which = square, k
    return which


@inner_kernel
def step_visits(
    s: Record,
    p: Record,
    fix: Fix,
    begin_us: int,
    stops: NDArray[np.void],
    visits: NDArray[np.void],
    x: float,
    y: float,
    was_x: float,
    was_y: float,
    out: Teller,
) -> float:
    """Take one fix at (x, y) of the trip's plane, the one before at (was_x, was_y) -> metres to the nearest stop's boundary, or
    infinity where all are so far that nobody asks."""
    nearest = np.inf
    if not fix.good:
        return nearest
    now_ms = (fix.t - begin_us) // _MS_US
    reach = max(float(p["visit_approach_m"]), fix.step_m)
    asked = max(reach, float(p["route_deviation_stop_m"])) + _BEYOND_DOUBT_M
    following = -1
    for k in range(len(stops)):
        square = (x - stops[k]["x"]) ** 2 + (y - stops[k]["y"]) ** 2
        bits = int(visits[k]["bits"])
        if following < 0 and not bits & (BIT_SERVED | BIT_PASSED):
            following = k
        edge = np.inf
        if not square > (asked + stops[k]["radius_m"]) ** 2 or bits & (BIT_NEAR | BIT_INSIDE | BIT_ARRIVED):
            edge = math.sqrt(square) - stops[k]["radius_m"]
            nearest = min(nearest, edge)
        if edge <= reach or bits & (BIT_NEAR | BIT_INSIDE | BIT_ARRIVED):
            _near(p, fix, stops[k], visits[k], k, edge, k == following, s["still"] == 1, begin_us, now_ms, out)
            if edge > 0.0 and not bits & (BIT_INSIDE | BIT_ARRIVED | BIT_CROSSED) and fix.step_m > edge:
                _cross(fix, stops[k], visits[k], k, x, y, was_x, was_y, out)
        elif s["rt_known"] and not bits & (BIT_PASSED | BIT_SERVED) and s["rt_s"] - stops[k]["along_m"] >= p["visit_passed_m"]:
            visits[k]["bits"] |= BIT_PASSED
            tell(out, STOP_PASSED, fix.t, k, fix.lon, fix.lat, s["rt_s"] - stops[k]["along_m"], 0.0, 0.0, 0.0)
    return nearest


@inner_kernel
def _near(
    p: Record,
    fix: Fix,
    stop: Record,
    visit: Record,
    k: int,
    edge: float,
    following: bool,
    still: bool,
    begin_us: int,
    now_ms: int,
    out: Teller,
) -> None:
    visit["closest_m"] = min(float(visit["closest_m"]), edge + stop["radius_m"])
    if visit["bits"] & BIT_ARRIVED and not still and visit["entered_ms"] <= visit["stood_ms"]:
        visit["entered_ms"] = now_ms  # seen again, and standing no more
    if following and not visit["bits"] & BIT_NEAR and edge <= p["visit_approach_m"]:
        visit["bits"] |= BIT_NEAR
        tell(out, STOP_NEAR, fix.t, k, fix.lon, fix.lat, edge, 0.0, 0.0, 0.0)
    if edge <= 0.0:
        _within(p, fix, visit, now_ms)
    elif visit["bits"] & (BIT_INSIDE | BIT_ARRIVED):
        if edge - fix.sigma > max(float(p["zone_exit_m"]), fix.sigma):
            visit["n"] += 1
            if visit["n"] >= _LEAVE_FIXES:
                _leave(fix, visit, k, begin_us, out)
        else:
            visit["n"] = 0
    else:
        visit["n"] = 0
    if edge > 1.2 * p["visit_approach_m"]:
        visit["bits"] = int(visit["bits"]) & ~(BIT_NEAR | BIT_CROSSED)


@inner_kernel
def _within(p: Record, fix: Fix, visit: Record, now_ms: int) -> None:
    if visit["bits"] & BIT_INSIDE:
        visit["n"] = 0
        return
    if visit["n"] == 0:
        visit["entered_ms"] = now_ms
    visit["n"] += 1
    if visit["n"] >= p["zone_enter_fixes"] or fix.mps < p["zone_slow_mps"]:
        visit["bits"] |= BIT_INSIDE | BIT_ENTERED
        visit["n"] = 0


@inner_kernel
def _leave(fix: Fix, visit: Record, k: int, begin_us: int, out: Teller) -> None:
    came_ms, went_ms, served = int(visit["entered_ms"]), int(visit["stood_ms"]), 0.0
    stood_s = 0.0
    if visit["bits"] & BIT_ARRIVED:
        served = min(0, went_ms - came_ms) / 1000.0
        came_ms = int(visit["arrived_ms"])
        stood_s = (went_ms - came_ms) / 1000.0
    if visit["bits"] & BIT_SERVED:
        served = 1.0
    visit["bits"] = int(visit["bits"]) & ~(BIT_INSIDE | BIT_ARRIVED)
    visit["n"] = 0
    came_us, went_us = begin_us + came_ms * _MS_US, float(begin_us + went_ms * _MS_US)
    tell(out, STOP_LEFT, came_us, k, fix.lon, fix.lat, went_us, stood_s, float(visit["closest_m"]), served)


@inner_kernel
def _cross(fix: Fix, stop: Record, visit: Record, k: int, x: float, y: float, was_x: float, was_y: float, out: Teller) -> None:
    off, _ = off_segment(stop["x"], stop["y"], was_x, was_y, x, y)
    if off <= stop["radius_m"]:
        visit["bits"] |= BIT_CROSSED | BIT_ENTERED
        visit["closest_m"] = min(float(visit["closest_m"]), off)
        tell(out, STOP_CROSSED, fix.t, k, fix.lon, fix.lat, off, fix.step_s, 0.0, 0.0)


@inner_kernel
def stand_at_stop(
    s: Record,
    p: Record,
    fix: Fix,
    begin_us: int,
    stops: NDArray[np.void],
    visits: NDArray[np.void],
    x: float,
    y: float,
    slack_m: float,
    out: Teller,
) -> None:
    """The vehicle halts around (x, y): give the halt to the nearest stop that holds it; its other holders share it."""
    k = at_stop(stops, x, y, slack_m)
    if k < 0:
        return
    start_us = s["st_start"] if s["st_phase"] == 1 else s["cd_start"]
    if s["sd_on"] and s["sd_since"] > start_us:
        start_us = s["sd_since"]  # it came from a halt so near by that the fixes do not tell them apart
    visit = visits[k]
    away = math.sqrt((x - stops[k]["x"]) ** 2 + (y - stops[k]["y"]) ** 2)
    if not visit["bits"] & BIT_ARRIVED:
        visit["bits"] |= BIT_ARRIVED | BIT_ENTERED
        visit["arrived_ms"] = max((start_us - begin_us) // _MS_US, 0)
        visit["n"] = 0
        tell(out, STOP_ARRIVED, begin_us + int(visit["arrived_ms"]) * _MS_US, k, fix.lon, fix.lat, away, fix.sigma, 0.0, 0.0)
        s["by_odo"], s["by_us"], s["by_busy"], s["by_first"] = s["pv_odo"], start_us, 0, 0
    elif not visit["bits"] & BIT_SERVED and s["sd_on"]:
        stood_ms = int(visit["stood_ms"]) - int(visit["arrived_ms"])
        if s["sd_since"] > begin_us + int(visit["stood_ms"]) * _MS_US and stood_ms < p["stand_least_s"] * 1000.0:
            visit["arrived_ms"] = (s["sd_since"] - begin_us) // _MS_US  # it only waited there, and came on to here
    visit["stood_ms"] = (fix.t - begin_us) // _MS_US
    stood_s = (int(visit["stood_ms"]) - int(visit["arrived_ms"])) / 1000.0
    arrived_us = begin_us + int(visit["arrived_ms"]) * _MS_US
    if not visit["bits"] & BIT_SERVED and stood_s >= stops[k]["need_s"]:
        visit["bits"] |= BIT_SERVED
        tell(out, STOP_SERVED, arrived_us, k, fix.lon, fix.lat, stood_s, away, s["driven_m"], fix.sigma)
        _share(stops, visits, k, x, y, slack_m, fix, out)
    _work(s, fix, visit, k, arrived_us, out)
    seen_s, since_us = min(stood_s, float(s["st_seen"])) if s["st_phase"] == 1 else 0.0, arrived_us
    if s["by_first"] != 0:
        since_us = max(arrived_us, s["by_first"])
        seen_s = min(seen_s, (s["by_last"] - since_us) / _SECOND_US)
    rests = s["sd_on"] and s["sd_since"] > arrived_us and s["nearest_allowed"] >= 0  # it went on to a place for that
    if not visit["bits"] & BIT_LONG and seen_s > stops[k]["long_s"] and not rests:
        visit["bits"] |= BIT_LONG
        rests_by = 1.0 if s["nearest_allowed"] >= 0 else 0.0
        tell(out, STOP_DWELLS, since_us, k, fix.lon, fix.lat, seen_s, away, rests_by, 0.0)


@inner_kernel
def _work(s: Record, fix: Fix, visit: Record, k: int, arrived_us: int, out: Teller) -> None:
    """Goods are carried from where it stands with the engine off, or the door open; before it rolled on to there, and after it
    has rolled on, it waits in traffic. Where neither ever tells, all of it counts."""
    if s["pv_odo"] - s["by_odo"] > _ROLLS_ON_M:
        s["by_odo"], s["by_us"], s["by_busy"] = s["pv_odo"], fix.t, 0
    if not s["by_busy"] and (s["ig"] == 1 or (s["dr_raw"] == 2 and s["dr_closed"])):
        s["by_busy"] = 1
        if s["by_first"] == 0:
            s["by_first"] = s["by_us"]
            if visit["bits"] & BIT_LONG and s["by_us"] > arrived_us + _SECOND_US:
                visit["bits"] = int(visit["bits"]) & ~BIT_LONG
                tell(out, STOP_WAITED, s["by_us"], k, fix.lon, fix.lat, 0.0, 0.0, 0.0, 0.0)
    if s["by_busy"]:
        s["by_last"] = fix.t


@inner_kernel
def _share(
    stops: NDArray[np.void], visits: NDArray[np.void], owner: int, x: float, y: float, slack_m: float, fix: Fix, out: Teller
) -> None:
    for k in range(len(stops)):
        away = math.sqrt((x - stops[k]["x"]) ** 2 + (y - stops[k]["y"]) ** 2)
        if k != owner and away <= stops[k]["radius_m"] + slack_m and not visits[k]["bits"] & (BIT_SERVED | BIT_SHARED):
            visits[k]["bits"] |= BIT_SHARED
            tell(out, STOP_SHARED, fix.t, k, fix.lon, fix.lat, away, float(owner), 0.0, 0.0)


@inner_kernel
def stop_code(k: int) -> int:
    """A stop's number as the code of an allowed place."""
    return ALLOWED_STOP - k
