"""Where along the planned route the vehicle is, and how far off it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.facts import OFF_ROUTE, OFF_ROUTE_FAR, ON_ROUTE, PROGRESS
from geofence.kernels.compiler import inner_kernel, kernel
from geofence.kernels.ground import off_segment, turn
from geofence.kernels.telling import Fix, Record, Teller, tell

_SECOND_US = 1_000_000
_NEVER_US = -(2**62)
_PAUSE_US = 61 * _SECOND_US  # a tracker that stands reports once a minute
_AGAINST_M = 30.0  # metres of distance that going against the line counts for
_PASSES = 24
_APART_M = 80.0
_LATER_COST = 1e-5
_BACK_COST = 10.0  # metres of distance that a metre against the order of the plan counts for


@inner_kernel
def project(
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    x: float,
    y: float,
    first: int,
    low_m: float,
    high_m: float,
    course_deg: float = np.nan,
) -> tuple[float, float, int]:
    """Nearest place of a line to (x, y) between two distances along it -> (metres off, metres along, segment).

    `xy` shape (n, 2) and `along` (n,) in metres; `first` is a segment from which the window is looked for. Of places about as
    near, one where the line goes the way of `course_deg` (NaN: not known), so that the way out is not taken for the way back.
    """
    last = len(along) - 2
    k = min(max(first, 0), last)
    while k > 0 and along[k] > low_m:
        k -= 1
    best, best_along, best_k, least = np.inf, along[k], k, np.inf
    while k <= last and along[k] <= high_m:
        if along[k + 1] >= low_m:
            off, share = off_segment(x, y, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1])
            cost = off
            if off < least and turn(course_deg, heading(xy, k)) > 90.0:
                cost += _AGAINST_M
            if cost < least:
                least, best, best_along, best_k = cost, off, along[k] + share * (along[k + 1] - along[k]), k
        k += 1
    return best, best_along, best_k


@inner_kernel
def heading(xy: NDArray[np.float64], segment: int) -> float:
    """Degrees clockwise from north of a segment."""
    dx, dy = xy[segment + 1, 0] - xy[segment, 0], xy[segment + 1, 1] - xy[segment, 1]
    return math.degrees(math.atan2(dx, dy)) % 360.0


@inner_kernel
def step_route(
    s: Record,
    p: Record,
    fix: Fix,
    trip: Record,
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    x: float,
    y: float,
    excused: bool,
    out: Teller,
) -> None:
    """Take one good fix. `excused`: near a stop or in the depot, where no deviation begins."""
    if not fix.good or len(along) < 2:
        return
    width = float(trip["width_m"])
    driven = s["driven_m"] - s["rt_drv"]
    low = s["rt_s"] - p["route_back_m"]
    high = s["rt_s"] + p["route_forward"] * driven + p["route_forward_m"]
    off, where, segment = project(xy, along, x, y, s["rt_seg"], low, high, fix.course)
    if off <= width + fix.sigma:
        _go_on(s, where, segment)
        s["rt_lost_n"] = 0
        if s["off_on"] and off >= p["route_deviation_close"] * width:
            off = min(off, project(xy, along, x, y, 0, -1.0, np.inf)[0])  # it may be back elsewhere on it
    else:
        whole_off, where, segment = project(xy, along, x, y, 0, -1.0, np.inf)
        off = min(off, whole_off)
        _find_again(s, p, fix, whole_off <= width + fix.sigma, where, segment)
    if s["rt_known"] or (s["away"] and fix.t >= trip["planned_start_us"]):
        _judge(s, p, fix, off, width, xy, segment, excused, out)
    if s["rt_known"] and s["rt_s"] - s["rt_told"] >= p["route_tell_m"]:
        s["rt_told"] = s["rt_s"]
        tell(out, PROGRESS, fix.t, 0, fix.lon, fix.lat, s["rt_s"], s["driven_m"], 0.0, 0.0)


@inner_kernel
def _go_on(s: Record, where: float, segment: int) -> None:
    s["rt_known"] = 1
    s["rt_s"] = where
    s["rt_seg"] = segment
    s["rt_drv"] = s["driven_m"]
    s["rt_max"] = max(s["rt_max"], where)


@inner_kernel
def _find_again(s: Record, p: Record, fix: Fix, on_line: bool, where: float, segment: int) -> None:
    """Elsewhere on the route than progress allows: believed only when it lasts, as after a gap or a change of order."""
    if not on_line:
        s["rt_lost_n"] = 0
        return
    if s["rt_lost_n"] == 0:
        s["rt_lost_us"] = fix.t
    s["rt_lost_n"] = min(int(s["rt_lost_n"]) + 1, 255)
    if s["rt_lost_n"] >= p["route_again_fixes"] and fix.t - s["rt_lost_us"] >= p["route_again_s"] * _SECOND_US:
        _go_on(s, where, segment)
        s["rt_lost_n"] = 0


@inner_kernel
def _judge(
    s: Record,
    p: Record,
    fix: Fix,
    off: float,
    width: float,
    xy: NDArray[np.float64],
    segment: int,
    excused: bool,
    out: Teller,
) -> None:
    if s["off_on"]:
        _watch_return(s, p, fix, off, width, out)
        return
    edge = width + fix.sigma
    if off <= edge or excused:
        if s["off_n"] > 0:
            _come_back(s, p, fix, off, edge, width, turn(fix.course, heading(xy, segment)), out)
        s["off_n"], s["off_was"], s["off_was_drv"] = 0, off, s["driven_m"]
        return
    turned = turn(fix.course, heading(xy, segment))
    if s["off_n"] == 0:
        share = _share(off - edge, off - s["off_was"])
        s["off_us"], s["off_s"], s["off_peak"] = fix.t - _beyond_us(s, p, fix, share, off - edge), s["rt_s"], 0.0
        s["off_turned_s"] = _turned_s(s, p, fix, turned, share)
        s["off_drv"] = s["driven_m"] - share * (s["driven_m"] - s["off_was_drv"])
    else:
        s["off_turned_s"] += _turned_s(s, p, fix, turned, 1.0)
    s["off_n"] = min(int(s["off_n"]) + 1, 255)
    s["off_peak"] = max(float(s["off_peak"]), off)
    s["off_was"], s["off_was_drv"] = off, s["driven_m"]
    if off > p["route_deviation_far_m"] or _lasted(s, p, fix.t, s["driven_m"]):
        _open(s, fix, off, turned, out)
        _watch_far(s, p, fix, out)


@inner_kernel
def _share(beyond: float, whole: float) -> float:
    """Which part of the way from the fix before lies beyond the edge that it crossed."""
    return min(1.0, max(0.0, beyond / max(whole, 1.0)))


@inner_kernel
def _follows(s: Record, fix: Fix) -> bool:
    """Whether it was seen well lately, so that what lies between is known."""
    return bool(s["good_us"] != _NEVER_US and fix.t - s["good_us"] <= _PAUSE_US)


@inner_kernel
def _beyond_us(s: Record, p: Record, fix: Fix, share: float, beyond_m: float) -> int:
    """That part of the time between the two good fixes; of a pause between them only what the metres beyond take at least."""
    if s["good_us"] == _NEVER_US:
        return 0
    if _follows(s, fix):
        return int(share * (fix.t - s["good_us"]))
    return int(max(0.0, beyond_m) / p["visits_gap_mps"] * _SECOND_US)


@inner_kernel
def _turned_s(s: Record, p: Record, fix: Fix, turned: float, share: float) -> float:
    """That part of the seconds since the fix before, if the van goes another way than the route."""
    return share * fix.step_s if turned > p["route_deviation_turn_deg"] and _follows(s, fix) else 0.0


@inner_kernel
def _lasted(s: Record, p: Record, until_us: int, driven_m: float) -> bool:
    long_enough = until_us - s["off_us"] >= p["route_deviation_least_s"] * _SECOND_US
    long_enough = long_enough or s["off_turned_s"] >= p["route_deviation_turned_s"]
    far_enough = driven_m - s["off_drv"] >= p["route_deviation_least_m"]
    return bool(long_enough and far_enough and s["off_n"] >= p["route_deviation_fixes"])


@inner_kernel
def _come_back(s: Record, p: Record, fix: Fix, off: float, edge: float, width: float, turned: float, out: Teller) -> None:
    """Inside again, or near a stop: it was beyond the edge until it crossed it or came here: perhaps long and far enough."""
    beyond, beyond_m = 1.0 - _share(edge - off, s["off_was"] - off), float(s["off_was"]) - edge
    back_us = s["good_us"] + _beyond_us(s, p, fix, beyond, beyond_m)
    back_m = s["off_was_drv"] + (beyond * (s["driven_m"] - s["off_was_drv"]) if _follows(s, fix) else beyond_m)
    s["off_turned_s"] += _turned_s(s, p, fix, turned, beyond)
    if _lasted(s, p, back_us, back_m):
        _open(s, fix, float(s["off_peak"]), turned, out)
        _watch_return(s, p, fix, off, width, out)


@inner_kernel
def _open(s: Record, fix: Fix, off: float, turned: float, out: Teller) -> None:
    s["off_on"], s["off_far"], s["on_us"], s["off_told"] = 1, 0, 0, s["off_peak"]
    tell(out, OFF_ROUTE, s["off_us"], 0, fix.lon, fix.lat, off, s["off_s"], turned, fix.sigma)


@inner_kernel
def _watch_far(s: Record, p: Record, fix: Fix, out: Teller) -> None:
    """Tell once that it is far or long, and then whenever the peak has grown by half."""
    seconds = (fix.t - s["off_us"]) / _SECOND_US
    is_new = not s["off_far"] and (s["off_peak"] > p["route_deviation_far_m"] or seconds > p["route_deviation_long_s"])
    if is_new or s["off_peak"] > 1.5 * s["off_told"]:
        s["off_far"] = 1 if is_new else s["off_far"]
        s["off_told"] = s["off_peak"]
        tell(out, OFF_ROUTE_FAR, s["off_us"], 0, fix.lon, fix.lat, float(s["off_peak"]), seconds, float(s["off_far"]), 0.0)


@inner_kernel
def _watch_return(s: Record, p: Record, fix: Fix, off: float, width: float, out: Teller) -> None:
    if off >= p["route_deviation_close"] * width:
        s["off_peak"] = max(float(s["off_peak"]), off)
        s["on_us"] = 0
        _watch_far(s, p, fix, out)
        return
    if s["on_us"] == 0:
        s["on_us"], s["on_drv"] = fix.t, s["driven_m"]
    steady = fix.t - s["on_us"] >= p["route_deviation_close_s"] * _SECOND_US
    if steady and s["driven_m"] - s["on_drv"] >= p["route_deviation_close_m"]:
        rejoined = s["rt_s"] - (s["driven_m"] - s["on_drv"])
        extra = (s["on_drv"] - s["off_drv"]) - (rejoined - s["off_s"])
        s["off_on"], s["off_n"] = 0, 0
        tell(out, ON_ROUTE, s["on_us"], 0, fix.lon, fix.lat, float(s["off_us"]), float(s["off_peak"]), extra, rejoined)


@kernel
def places_along(
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    stop_x: NDArray[np.float64],
    stop_y: NDArray[np.float64],
    slack_m: float,
) -> NDArray[np.float64]:
    """Metres along the line of each stop, NaN for a line without length.

    Of the line's passes within `slack_m` of each stop's nearest, those that lie in the order of the plan and are nearest to the
    stops altogether; the earliest of equals.

    Found by dynamic programming over the passes, as in R. Bellman, Dynamic Programming (1957).
    """
    stops = len(stop_x)
    found = np.full(stops, np.nan)
    if len(along) < 2 or stops == 0:
        return found
    where, cost = np.zeros((stops, _PASSES)), np.full((stops, _PASSES), np.inf)
    before = np.full((stops, _PASSES), -1, np.int64)
    for k in range(stops):
        _find_passes(xy, along, stop_x[k], stop_y[k], slack_m, where[k], cost[k])
        for j in range(_PASSES):
            cost[k, j] += _LATER_COST * where[k, j]
            if k == 0 or cost[k, j] == np.inf:
                continue
            best = np.inf
            for i in range(_PASSES):
                back_m = max(0.0, where[k - 1, i] - where[k, j])
                total = cost[k - 1, i] + _BACK_COST * back_m
                if total < best:
                    best, before[k, j] = total, i
            cost[k, j] += best
    j = int(np.argmin(cost[stops - 1]))
    for k in range(stops - 1, -1, -1):
        found[k] = where[k, j]
        j = before[k, j] if k > 0 else j
    for k in range(1, stops):
        found[k] = max(found[k], found[k - 1])
    return found


@inner_kernel
def _find_passes(
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    x: float,
    y: float,
    slack_m: float,
    where: NDArray[np.float64],
    off_m: NDArray[np.float64],
) -> None:
    """Write the nearest place of each pass of the line by (x, y), and its distance, in the order of the line.

    A pass ends where the line has gone away by _APART_M, and another begins where it comes back by as much.
    """
    nearest, _, _ = project(xy, along, x, y, 0, -1.0, np.inf)
    count, inside, furthest = 0, False, 0.0
    for k in range(len(along) - 1):
        off, share = off_segment(x, y, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1])
        if off > nearest + slack_m:
            inside = False
            continue
        furthest = max(furthest, math.sqrt((x - xy[k, 0]) ** 2 + (y - xy[k, 1]) ** 2))
        again = inside and furthest > off_m[count - 1] + _APART_M and off < furthest - _APART_M
        if (again or not inside) and count == _PASSES:
            return
        count += 1 if again or not inside else 0
        inside = True
        if off < off_m[count - 1]:
            furthest = 0.0
            off_m[count - 1], where[count - 1] = off, along[k] + share * (along[k + 1] - along[k])
