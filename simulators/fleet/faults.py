"""What ails trackers without anybody's doing: bad sky, no coverage, sends twice. Each draws from a stream of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulators.fleet.fixes import Fixes
from simulators.fleet.observed import Observed
from simulators.fleet.tracker import put, wander
from simulators.spans import spans_of
from simulators.streams import stream
from simulators.town.places import Place

BACKLOG_ROWS_PER_S: Final = 4.0


def ail(seen: Observed, seed: int) -> None:
    """Apply every ordinary fault of the scenario to a vehicle-day, in the order in which they arise from sky to link."""
    for name, fault in FAULTS.items():
        seen.rng = stream(seed, "fault", name, seen.planned.van.device_id, seen.planned.day)
        fault(seen)


def _spells(seen: Observed, rate: float, shortest_s: float, longest_s: float) -> list[tuple[float, float]]:
    """Spans of the driven day: their number is Poisson with the rate per day, their length uniform."""
    if rate <= 0 or not seen.played.driven:
        return []
    first, last = seen.played.driven[0].from_s, seen.played.driven[-1].until_s
    begins = seen.rng.uniform(first, last, seen.rng.poisson(rate))
    return [(float(begin), float(begin + seen.rng.uniform(shortest_s, longest_s))) for begin in np.sort(begins)]


def _shift(seen: Observed, rows: NDArray[np.bool_], east_m: NDArray[np.float64], north_m: NDArray[np.float64]) -> None:
    plane, fixes = seen.planned.town.network.plane, seen.fixes
    x_m, y_m = plane.to_metres(fixes["longitude_e7"][rows] / 1e7, fixes["latitude_e7"][rows] / 1e7)
    moved = fixes[rows]
    put(moved, plane, x_m + east_m, y_m + north_m)
    fixes[rows] = moved


def _degrade(seen: Observed, rows: NDArray[np.bool_], hdop: float, satellites: int) -> None:
    fixes = seen.fixes
    fixes["hdop"][rows] = np.round(hdop * seen.rng.uniform(0.8, 1.2, int(rows.sum())), 2)
    fixes["satellites"][rows] = np.clip(satellites + seen.rng.integers(-1, 2, int(rows.sum())), 3, None)
    told = rows & ~np.isnan(fixes["accuracy_m"])
    fixes["accuracy_m"][told] = np.round(fixes["hdop"][told] * 6.0, 1)


def multipath(seen: Observed) -> None:
    """Between tall buildings reflections throw the position aside by tens of metres, and receivers do not always notice."""
    radius_m = seen.planned.town.canyon_radius_m
    if radius_m <= 0 or seen.scenario.faults.multipath_per_canyon_hour <= 0:
        return
    signals = seen.signals
    inside = np.hypot(signals.x_m[seen.second], signals.y_m[seen.second]) < radius_m
    gap_s = 3600 / seen.scenario.faults.multipath_per_canyon_hour if seen.played.driven else np.inf
    end, home_s = seen.played.driven[0].from_s if seen.played.driven else 0.0, seen.played.home_s
    while (begin := end + float(seen.rng.exponential(gap_s))) < home_s:
        end = begin + float(seen.rng.uniform(4, 45))
        rows = seen.between(begin, end) & inside
        if rows.any():
            angle, reach_m = seen.rng.uniform(0, 2 * np.pi), float(np.clip(seen.rng.lognormal(3.7, 0.5), 20, 160))
            shaken = seen.rng.normal(0, 0.12 * reach_m, (2, int(rows.sum())))
            _shift(seen, rows, reach_m * np.cos(angle) + shaken[0], reach_m * np.sin(angle) + shaken[1])
            if seen.rng.random() < 0.65:
                _degrade(seen, rows, 1.5 + reach_m / 16, 6)


def poor_sky(seen: Observed) -> None:
    """Under trees and awnings for minutes: few satellites, and an error of tens of metres that wanders."""
    for begin, end in _spells(seen, seen.scenario.faults.poor_hdop, 60, 300):
        rows = seen.between(begin, end)
        normals = seen.rng.standard_normal((2, int(rows.sum())))
        _shift(seen, rows, *(18.0 * wander(seen.second[rows], normal, 60.0) for normal in normals))
        _degrade(seen, rows, float(seen.rng.uniform(5, 10)), 4)


def tunnels(seen: Observed) -> None:
    """No sky for a minute or two; the odometer goes on."""
    for begin, end in _spells(seen, seen.scenario.faults.tunnel, 30, 150):
        drive = next((one for one in seen.played.driven if one.from_s <= begin < one.until_s), None)
        if drive is not None:  # nobody delivers in a tunnel
            seen.lose_fix(seen.between(begin, min(end, drive.until_s - 5)))


def cold_starts(seen: Observed) -> None:
    """After a night without sky the receiver needs a while, and its first fixes are poor."""
    if seen.played.driven and seen.rng.random() < seen.scenario.faults.cold_start:
        woken = seen.played.driven[0].from_s - 25
        found = woken + float(seen.rng.uniform(25, 70))
        seen.lose_fix(seen.between(woken, found))
        _degrade(seen, seen.between(found, found + 30), 5.0, 4)


def wild_fixes(seen: Observed) -> None:
    """A single fix kilometres away, or at the origin of all coordinates, with an innocent face."""
    faults = seen.scenario.faults
    count = int(seen.rng.poisson(faults.wild_fix))
    for at in seen.rng.integers(0, max(len(seen.fixes), 1), count) if len(seen.fixes) else ():
        rows = np.zeros(len(seen.fixes), np.bool_)
        rows[at] = seen.fixes["fix_valid"][at] == 1
        reach_m, angle = seen.rng.uniform(4e3, 6e4), seen.rng.uniform(0, 2 * np.pi)
        if rows.any():
            _shift(seen, rows, np.array([reach_m * np.cos(angle)]), np.array([reach_m * np.sin(angle)]))
    for at in (
        seen.rng.integers(0, max(len(seen.fixes), 1), int(seen.rng.poisson(faults.origin_fix))) if len(seen.fixes) else ()
    ):
        seen.fixes["longitude_e7"][at] = seen.fixes["latitude_e7"][at] = 0


def radio_gaps(seen: Observed) -> None:
    """Without coverage rows are kept and sent afterwards, live rows first: newest backlog first, or oldest first."""
    spans = _spells(seen, seen.scenario.faults.radio_gap, 4 * 60, 35 * 60)
    spans += _inside(seen, [place for place in seen.planned.town.others if place.kind.value == "dead"])
    for begin, end in spans:
        hold_back(seen, begin, end)


def _inside(seen: Observed, places: list[Place]) -> list[tuple[float, float]]:
    """Spans of the day spent within any of the places."""
    if not places or not seen.played.driven:
        return []
    first, last = int(seen.played.driven[0].from_s), int(seen.played.home_s)
    x_m, y_m = seen.signals.x_m[first:last], seen.signals.y_m[first:last]
    within = np.zeros(len(x_m), np.bool_)
    for place in places:
        within |= (x_m - place.x_m) ** 2 + (y_m - place.y_m) ** 2 < place.radius_m**2
    return [(first + begin, first + end) for begin, end in spans_of(within)]


def hold_back(seen: Observed, begin: float, end: float) -> None:
    """Rows of a span arrive only after it, a few a second, marked as history."""
    rows = np.flatnonzero(seen.between(begin, end))
    if len(rows) == 0:
        return
    order = rows[::-1] if seen.fitting.newest_first else rows
    back_us = int(seen.fixes["fix_us"][rows[0]]) + int((end - float(seen.second[rows[0]]) + 3.0) * 1e6)
    due_us = back_us + (np.arange(len(rows)) * (1e6 / BACKLOG_ROWS_PER_S)).astype(np.int64)
    seen.fixes["received_us"][order] = np.maximum(seen.fixes["received_us"][order], due_us)
    seen.fixes["buffered"][rows] = 1


def duplicates(seen: Observed) -> None:
    """An acknowledgement is lost and the row is sent again."""
    again = seen.rng.random(len(seen.fixes)) < seen.scenario.faults.duplicate
    copies: Fixes = seen.fixes[again].copy()
    copies["received_us"] += (seen.rng.uniform(1, 90, len(copies)) * 1e6).astype(np.int64) // 1000 * 1000
    seen.fixes = np.concatenate([seen.fixes, copies])
    seen.second = np.concatenate([seen.second, seen.second[again]])


FAULTS: Final[dict[str, Callable[[Observed], None]]] = {
    "multipath": multipath,
    "poor_sky": poor_sky,
    "tunnels": tunnels,
    "cold_starts": cold_starts,
    "wild_fixes": wild_fixes,
    "radio_gaps": radio_gaps,
    "duplicates": duplicates,
}
