"""When a van will arrive at the stops that are ahead of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel, kernel, making_kernel
from geofence.kernels.ground import east_e7
from geofence.kernels.routes import project
from geofence.kernels.telling import Record

_MS_US = 1_000
_SECOND_US = 1_000_000
_MINUTE_US = 60_000_000
_MOST_MINUTES = 65_535
_ALWAYS_US = 2**62
_STRAIGHT = 1.3  # roads are so much longer than the straight line (circuity; Ballou et al. 2002 give 1.2 to 1.5)
_FORGET = 0.8  # each leg counts so much of the one after it
_LEAST_LEG_M = 100.0
_SLOWEST_MPS, _FASTEST_MPS = 1.0, 30.0
_BACK_M = 300.0


class Manner(NamedTuple):
    """How arrivals are estimated, and when they are told."""

    usual_mps: float  # counts as if it had been driven
    usual_m: float  # for so long
    tell_s: float  # an arrival that has moved by so much is told anew
    overdue_s: float  # a van so late at its next stop is estimated anew
    recover_s: float  # a stop that would be late is not so any more so long before its window ends


LATER, LATE, IN_TIME = 0, 1, 2
"""What is told of a stop: another minute of arrival, that it will be after the window, that it will not be any more."""


@kernel
def renew_arrivals(
    trips: NDArray[np.void],
    stops: NDArray[np.void],
    visits: NDArray[np.void],
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    lon: float,
    lat: float,
    now_us: int,
    ahead: int,
    too_late: int,
    told: NDArray[np.int64],
    usual_mps: float,
    usual_m: float,
    tell_s: float,
    overdue_s: float,
    recover_s: float,
) -> tuple[int, int]:
    """Estimate the arrivals anew, write the minutes that changed to `visits`, and tell what is new.

    `trips` is the one trip: an array crosses over from Python more quickly than a record, and numbers than a tuple. `ahead`:
    states (bit set) of a stop that is still to come. `too_late`: the mark of a stop that was told to be late. To `told`, shape
    (2 * stops, 3), it writes stop, estimated arrival in microseconds, LATER, LATE or IN_TIME. Returns when to estimate again at
    the latest, and how many rows it wrote: an array of its own would take as long to hand back as all the rest.
    """
    trip, manner = trips[0], Manner(usual_mps, usual_m, tell_s, overdue_s, recover_s)
    found = _arrivals(trip, stops, visits, xy, along, lon, lat, now_us, manner, ahead)
    count, due_us = 0, int(trip["longest_us"])
    for k in range(len(stops)):
        if found[k] <= 0:
            continue
        closes_us = int(stops[k]["closes_us"])
        if _tell_minute(trip, visits[k], found[k], manner):
            told[count, 0], told[count, 1], told[count, 2] = k, found[k], LATER
            count += 1
        was_late = bool(visits[k]["marks"] & too_late)
        margin_us = int(manner.recover_s * 1e6) if was_late else 0
        if (found[k] > closes_us - margin_us) != was_late:
            told[count, 0], told[count, 1], told[count, 2] = k, found[k], IN_TIME if was_late else LATE
            count += 1
        due_us = min(due_us, found[k] + int(manner.overdue_s * 1e6))
        if found[k] <= closes_us < _ALWAYS_US:
            due_us = min(due_us, now_us + closes_us - found[k] + 1)
    return due_us, count


@inner_kernel
def _tell_minute(trip: Record, visit: Record, arrival_us: int, manner: Manner) -> bool:
    shown_us = trip["begin_us"] + int(visit["eta_min"]) * _MINUTE_US
    if visit["eta_min"] != 0 and abs(arrival_us - shown_us) < manner.tell_s * 1e6:
        return False
    minutes = int(np.rint((arrival_us - trip["begin_us"]) / _MINUTE_US))
    visit["eta_min"] = min(max(1, minutes), _MOST_MINUTES)
    return True


@making_kernel
def _arrivals(
    trip: Record,
    stops: NDArray[np.void],
    visits: NDArray[np.void],
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    lon: float,
    lat: float,
    now_us: int,
    manner: Manner,
    ahead: int,
) -> NDArray[np.int64]:
    """Estimated arrivals, shape (stops,), microseconds; 0 for those that are not ahead.

    A van at (lon, lat) e7 goes on along its route to the stops still open in the order of the plan, then to those that it left
    out, at the speed of its last legs, and waits where it comes before the window.
    """
    found = np.zeros(len(stops), np.int64)
    pace_mps = _pace(stops, visits, manner.usual_mps, manner.usual_m)
    at = _standing_at(visits)
    last = at if at >= 0 else _served_last(visits)
    t = float(now_us)
    if at >= 0:
        came_us = trip["begin_us"] + int(visits[at]["came_ms"]) * _MS_US
        t = max(t, max(float(came_us), float(stops[at]["opens_us"])) + stops[at]["service_s"] * _SECOND_US)
        x, y, s = float(stops[at]["x"]), float(stops[at]["y"]), float(stops[at]["along_m"])
    else:
        x = east_e7(trip["origin_lon"], lon) * trip["east_m"]
        y = (lat - trip["origin_lat"]) * trip["north_m"]
        s = _progress(trip, stops, visits, xy, along, x, y, last, ahead)
    for turn in range(2):
        for k in range(len(stops)):
            if (k > last) != (turn == 0) or not (ahead >> int(visits[k]["state"])) & 1:
                continue
            t += _way_m(s, x, y, stops[k]) / pace_mps * _SECOND_US
            found[k] = int(t)
            t = max(t, float(stops[k]["opens_us"])) + stops[k]["service_s"] * _SECOND_US
            x, y, s = float(stops[k]["x"]), float(stops[k]["y"]), float(stops[k]["along_m"])
    return found


@inner_kernel
def _way_m(s: float, x: float, y: float, stop: Record) -> float:
    """Metres to drive: along the route, or, where that does not lead there, by the straight line."""
    along_m = stop["along_m"] - s
    if not math.isnan(along_m) and along_m >= 0.0:
        return float(along_m)
    return _STRAIGHT * math.sqrt((x - stop["x"]) ** 2 + (y - stop["y"]) ** 2)


@making_kernel
def _pace(stops: NDArray[np.void], visits: NDArray[np.void], usual_mps: float, usual_m: float) -> float:
    """Metres a second between the stops served so far, the last legs counting most."""
    metres, seconds, before = 0.0, 0.0, -1
    for k in _by_service(visits):
        if k < 0:
            break
        if before >= 0 and visits[before]["went_ms"] >= 0:
            way_m = _way_m(float(stops[before]["along_m"]), float(stops[before]["x"]), float(stops[before]["y"]), stops[k])
            took_s = (int(visits[k]["came_ms"]) - int(visits[before]["went_ms"])) / 1000.0
            if way_m >= _LEAST_LEG_M and took_s > 0.0:
                metres, seconds = _FORGET * metres + way_m, _FORGET * seconds + max(took_s, way_m / _FASTEST_MPS)
        before = k
    return max(_SLOWEST_MPS, (usual_m + metres) / (usual_m / usual_mps + seconds))


@making_kernel
def _by_service(visits: NDArray[np.void]) -> NDArray[np.int64]:
    """The stops in the order in which they were served, shape (stops,), -1 where that is not known."""
    order = np.full(len(visits), -1, np.int64)
    for k in range(len(visits) - 1, -1, -1):
        n = visits[k]["served_n"]
        if 0 < n <= len(visits):
            order[n - 1] = k
    return order


@inner_kernel
def _served_last(visits: NDArray[np.void]) -> int:
    last, most = -1, 0
    for k in range(len(visits)):
        if visits[k]["served_n"] > most:
            last, most = k, visits[k]["served_n"]
    return last


@inner_kernel
def _standing_at(visits: NDArray[np.void]) -> int:
    """The stop that the van came to last, if it has not left it."""
    at, latest = -1, -1
    for k in range(len(visits)):
        if visits[k]["came_ms"] > latest:
            at, latest = k, visits[k]["came_ms"]
    return at if at >= 0 and visits[at]["went_ms"] < 0 else -1


@making_kernel
def _progress(
    trip: Record,
    stops: NDArray[np.void],
    visits: NDArray[np.void],
    xy: NDArray[np.float64],
    along: NDArray[np.float64],
    x: float,
    y: float,
    last: int,
    ahead: int,
) -> float:
    """Metres along the route, between the stop served last and the next one; NaN where the van is off it."""
    if len(along) < 2:
        return math.nan
    low = max(0.0, float(stops[last]["along_m"]) - _BACK_M) if last >= 0 else 0.0
    high = low + _BACK_M
    for k in range(last + 1, len(stops)):
        if (ahead >> int(visits[k]["state"])) & 1:
            high = max(high, float(stops[k]["along_m"]) + _BACK_M)
            break
    off, where, _ = project(xy, along, x, y, int(np.searchsorted(along, low)) - 1, low, high)
    return where if off <= 2.0 * trip["width_m"] else math.nan
