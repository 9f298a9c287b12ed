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


@inner_kernel
def project(
    xy: NDArray[np.float64], along: NDArray[np.float64], x: float, y: float, first: int, low_m: float, high_m: float
) -> tuple[float, float, int]:
    """Nearest place of a line to (x, y) between two distances along it -> (metres off, metres along, segment).

    `xy` shape (n, 2) and `along` (n,) in metres; `first` is a segment from which the window is looked for.
    """
    last = len(along) - 2
    k = min(max(first, 0), last)
    while k > 0 and along[k] > low_m:
        k -= 1
    best, best_along, best_k = np.inf, along[k], k
    while k <= last and along[k] <= high_m:
        if along[k + 1] >= low_m:
            off, share = off_segment(x, y, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1])
            if off < best:
                best, best_along, best_k = off, along[k] + share * (along[k + 1] - along[k]), k
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
    off, where, segment = project(xy, along, x, y, s["rt_seg"], low, high)
    if off <= width + fix.sigma:
        _go_on(s, where, segment)
        s["rt_lost_n"] = 0
    else:
        whole_off, where, segment = project(xy, along, x, y, 0, -1.0, np.inf)
        off = min(off, whole_off)
        _find_again(s, p, fix, whole_off <= width + fix.sigma, where, segment)
    if s["rt_known"] or (s["away"] and fix.t >= trip["planned_start_us"]):
        _judge(s, p, fix, off, width, turn(fix.course, heading(xy, segment)), excused, out)
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
def _judge(s: Record, p: Record, fix: Fix, off: float, width: float, turned: float, excused: bool, out: Teller) -> None:
    if s["off_on"]:
        _watch_return(s, p, fix, off, width, out)
        return
    if off <= width + fix.sigma or excused:
        s["off_n"] = 0
        return
    if s["off_n"] == 0:
        s["off_us"], s["off_drv"], s["off_s"], s["off_peak"] = fix.t, s["driven_m"], s["rt_s"], 0.0
    s["off_n"] = min(int(s["off_n"]) + 1, 255)
    s["off_peak"] = max(float(s["off_peak"]), off)
    needed_s = float(p["route_deviation_least_s"])
    if turned > p["route_deviation_turn_deg"]:
        needed_s = float(p["route_deviation_turned_s"])
    lasted = fix.t - s["off_us"] >= needed_s * _SECOND_US and s["driven_m"] - s["off_drv"] >= p["route_deviation_least_m"]
    if off > p["route_deviation_far_m"] or (lasted and s["off_n"] >= p["route_deviation_fixes"]):
        s["off_on"], s["off_far"], s["on_us"] = 1, 0, 0
        tell(out, OFF_ROUTE, s["off_us"], 0, fix.lon, fix.lat, off, s["off_s"], turned, fix.sigma)
        _watch_far(s, p, fix, out)


@inner_kernel
def _watch_far(s: Record, p: Record, fix: Fix, out: Teller) -> None:
    seconds = (fix.t - s["off_us"]) / _SECOND_US
    if not s["off_far"] and (s["off_peak"] > p["route_deviation_far_m"] or seconds > p["route_deviation_long_s"]):
        s["off_far"] = 1
        tell(out, OFF_ROUTE_FAR, s["off_us"], 0, fix.lon, fix.lat, float(s["off_peak"]), seconds, 0.0, 0.0)


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
        extra = (s["on_drv"] - s["off_drv"]) - (s["rt_s"] - (s["driven_m"] - s["on_drv"]) - s["off_s"])
        s["off_on"], s["off_n"] = 0, 0
        tell(out, ON_ROUTE, s["on_us"], 0, fix.lon, fix.lat, float(s["off_us"]), float(s["off_peak"]), extra, s["rt_s"])


@kernel
def places_along(
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    stop_x: NDArray[np.float64],
    stop_y: NDArray[np.float64],
    slack_m: float,
) -> NDArray[np.float64]:
    """Metres along the line of each stop, in the order of the plan: the nearest place to each that never goes back.

    Of several passes within `slack_m` of the nearest one, the first after the stop before. NaN for a line without length.
    """
    found = np.full(len(stop_x), np.nan)
    if len(along) < 2:
        return found
    behind = 0.0
    for k in range(len(stop_x)):
        off, where, _ = project(xy, along, stop_x[k], stop_y[k], 0, behind, np.inf)
        found[k] = _first_pass(xy, along, stop_x[k], stop_y[k], behind, off + slack_m, where)
        behind = found[k]
    return found


@inner_kernel
def _first_pass(
    xy: NDArray[np.float64], along: NDArray[np.float64], x: float, y: float, behind: float, reach: float, where: float
) -> float:
    best, best_along = np.inf, where
    for k in range(len(along) - 1):
        if along[k + 1] < behind:
            continue
        off, share = off_segment(x, y, xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1])
        if off <= reach and off < best:
            best, best_along = off, along[k] + share * (along[k + 1] - along[k])
        elif best < np.inf and off > reach:
            break
    return max(best_along, behind)
