"""Incidents read off the noise-free day, whatever caused them: labels, lateness, dwell, order, corridor, detour, speed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.trips import PlannedStop
from domain.truth import Incident
from simulators.fleet.driving import Driven, Played, Stood
from simulators.fleet.planning import CASE_KG, Round
from simulators.fleet.signals import Signals
from simulators.spans import spans_of
from simulators.town.zones import speed_limit_mps
from simulators.truth.corridor import off_route, on_a_way
from simulators.truth.visits import served

Floats = NDArray[np.float64]
TOLERANCE = timedelta(minutes=15)
SIGMA_M = 10.0
DEVIATION_S, DEVIATION_M, FAR_OFF_M = 120, 300.0, 1000.0
TURNED_S, TURNED_DEG = 60, 60.0
REPORT_S, DRIVEN_IN_REPORT_M = 10, 100.0
PAUSE_S = 61  # a tracker that stands reports once a minute
BACK_SHARE, BACK_S, BACK_M = 0.7, 60, 100.0  # how long within the corridor ends a deviation
DROP_KG, DROP_SHARE, DROP_AT_STOP_SHARE = 10.0, 0.015, 0.05
ODOMETER = 0.01  # what one may err, of what is driven
SPEED_ERROR_MPS = 0.3  # two standard deviations of a reported speed
BACK_MPS = 60 / 3.6  # nobody is back, or gone, sooner than this
DETOUR_LEG, DETOUR_LEG_M, DETOUR_TRIP = 1.3, 2000.0, 1.15


def labelled(planned: Round, played: Played) -> list[Incident]:
    """What halts and drives were given as labels when an incident wrote them."""
    spans: list[Stood | Driven] = [*played.stood, *played.driven]
    found = []
    for span in spans:
        action = span.halt if isinstance(span, Stood) else span.drive
        stop = span.halt.stop if isinstance(span, Stood) else None
        found += [_incident(planned, rule, stop.stop_id if stop else None, span.from_s, span.until_s) for rule in action.labels]
    trip = planned.trip
    for after in played.afterwards:
        begin, end = planned.at(after.from_s), planned.at(after.until_s)
        found += [Incident(rule, trip.device_id, None, None, begin, end) for rule in after.labels]
    return found


def late_or_long(planned: Round, played: Played) -> list[Incident]:
    """Arrivals outside the window by more than 15 minutes, and services of more than twice the plan and 20 minutes."""
    found = []
    for stop_id, one in served(played).items():
        stop = one.halt.stop
        assert stop is not None
        arrived = planned.at(one.from_s)
        early = stop.window_start is not None and arrived < stop.window_start - TOLERANCE
        late = stop.window_end is not None and arrived > stop.window_end + TOLERANCE
        if early or late:
            found.append(_incident(planned, "early_or_late", stop_id, one.from_s, one.from_s))
        if one.until_s - one.from_s > max(1200.0, 2 * (stop.planned_service_s or 0.0)):
            found.append(_incident(planned, "long_dwell", stop_id, one.from_s, one.until_s))
    return found


def out_of_sequence(planned: Round, played: Played, hidden: Sequence[tuple[float, float]] = ()) -> list[Incident]:
    """Two stops or a fifth of those served outside the longest increasing subsequence of the plan.

    Those served in a `hidden` span have no place in it.
    """
    number = {stop.stop_id: index for index, stop in enumerate(planned.trip.stops)}
    by_time = sorted(_seen_served(played, hidden).items(), key=lambda item: item[1].from_s)
    order = [number[stop_id] for stop_id, _ in by_time]
    outside = len(order) - _longest_increasing(order)
    if not order or (outside < 2 and outside <= 0.2 * len(order)):
        return []
    return [_incident(planned, "out_of_sequence", None, by_time[0][1].from_s, by_time[-1][1].until_s)]


def _seen_served(played: Played, hidden: Sequence[tuple[float, float]]) -> dict[str, Stood]:
    """The services that were not hidden from beginning to end."""
    return {
        stop_id: one
        for stop_id, one in served(played).items()
        if not any(begin < int(one.from_s) and one.until_s <= end for begin, end in hidden)
    }


def _longest_increasing(order: list[int]) -> int:
    """Length of the longest increasing subsequence, by patience sorting."""
    piles: list[int] = []
    for number in order:
        at = bisect_right(piles, number)
        piles[at : at + 1] = [number]
    return len(piles)


def route_deviations(
    planned: Round,
    played: Played,
    signals: Signals,
    told: NDArray[np.int64],
    approved: Sequence[NDArray[np.int64]] = (),
) -> list[Incident]:
    """Spans beyond the corridor that are long enough in time and distance, or far enough off, to be one.

    A van that comes back for less than it takes to close a deviation is still on the same one. On `approved` ways (nodes) there
    is none. Only what lies between seconds at which its place was `told` counts: nobody knows when it left its route, or was
    back, while nothing told. Within one report, or one sigma, of a threshold it is arguable.
    """
    if not played.driven:
        return []
    first, last = int(played.driven[0].from_s), int(played.home_s)
    apart_m, along_deg = off_route(signals.x_m[first:last], signals.y_m[first:last], planned)
    apart_m[on_a_way(signals.x_m[first:last], signals.y_m[first:last], planned, approved)] = 0.0
    swing_deg = np.abs((signals.course_deg[first:last] - along_deg + 180) % 360 - 180)
    swing_deg[~watched(told - first, len(swing_deg))] = 0.0
    off = _Off(apart_m, swing_deg, signals.driven_m[first:last], told - first, planned.trip.corridor_m or 0.0)
    certain, exact = list(_beyond(off, 1)), list(_beyond(off, 0))
    return [
        replace(
            _incident(planned, "route_deviation", None, first + begin, first + end),
            arguable=not _overlaps(begin, end, certain),
            happened=_overlaps(begin, end, [*certain, *exact]),
        )
        for begin, end in _beyond(off, -1)
    ]


def _overlaps(begin: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(since < end and begin < until for since, until in spans)


class _Off(NamedTuple):
    """By second of the drive: metres off the route, degrees from its course, metres driven; and the seconds that were told."""

    apart_m: Floats
    swing_deg: Floats
    driven_m: Floats
    told: NDArray[np.int64]
    corridor_m: float


def _beyond(off: _Off, margin: int) -> Iterator[tuple[int, int]]:
    """The spans that are deviations by so many margins: 1 certainly so, 0 by the noise-free day, -1 perhaps."""
    spare_s, spare_m = margin * REPORT_S, margin * DRIVEN_IN_REPORT_M
    inside = off.apart_m < BACK_SHARE * off.corridor_m - margin * SIGMA_M
    back = [
        begin
        for begin, end in in_view(spans_of(inside), off.told)
        if end - begin >= BACK_S + spare_s and off.driven_m[end - 1] - off.driven_m[begin] >= BACK_M + spare_m
    ]
    over_s = -1  # until when the last deviation lasts
    edge_m = off.corridor_m + (1 + margin) * SIGMA_M
    for begin, end in in_view(spans_of(off.apart_m > edge_m), off.told, (off.apart_m - edge_m) / BACK_MPS):
        if begin < over_s:
            continue
        driven_m = float(off.driven_m[end - 1] - off.driven_m[begin])
        far = float(off.apart_m[begin:end].max()) > FAR_OFF_M + margin * SIGMA_M
        turned_s = int((off.swing_deg[begin:end] > TURNED_DEG).sum())
        long = turned_s >= TURNED_S + spare_s or end - begin >= DEVIATION_S + spare_s
        if far or (driven_m >= DEVIATION_M + spare_m and long):
            over_s = next((moment for moment in back if moment >= end), len(off.apart_m))
            yield begin, end


def in_view(
    spans: Iterable[tuple[int, int]], told: NDArray[np.int64], least_s: Floats | None = None
) -> Iterator[tuple[int, int]]:
    """Spans of seconds, without what lies in a pause between those told at an end of theirs, but for the seconds (`least_s`, of
    each second) that it takes at the least to be out of the span from there."""
    for begin, end in spans:
        (before_s, first), (last, after_s) = _around(told, begin), _around(told, end - 1)
        known, until_known = first - before_s <= PAUSE_S, after_s - last <= PAUSE_S
        if not (known and until_known) and not begin <= first <= last < end:
            continue  # nothing in it was told
        since = begin if known else max(begin, first - _whole_s(least_s, first))
        until = end if until_known else min(end, last + 1 + _whole_s(least_s, last))
        yield since, until


def _whole_s(least_s: Floats | None, second: int) -> int:
    return 0 if least_s is None else int(max(0.0, least_s[second]))


def watched(told: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Shape (count,): which seconds lie in no pause between those told."""
    second, known = np.arange(count), np.concatenate(([-np.inf], told, [np.inf]))
    at = np.searchsorted(told, second)
    seen: NDArray[np.bool_] = (known[at + 1] == second) | (known[at + 1] - known[at] <= PAUSE_S)
    return seen


def _around(told: NDArray[np.int64], second: int) -> tuple[int, int]:
    """The last one told until a second, and the first one from it on."""
    at = int(np.searchsorted(told, second))
    after = int(told[at]) if at < len(told) else second + PAUSE_S + 1
    return after if after == second else int(told[at - 1]) if at > 0 else second - PAUSE_S - 1, after


def detours(planned: Round, played: Played, signals: Signals, hidden: Sequence[tuple[float, float]] = ()) -> list[Incident]:
    """One for a round that was much longer than planned, on one of its legs or altogether; arguable within what an odometer
    may err. A stop served in a `hidden` span ends no leg: nobody knows when it was reached."""
    if not played.driven:
        return []
    begin_s, done = played.driven[0].from_s, _seen_served(played, hidden)
    planned_m = [_path_m(planned, leg) for leg in planned.legs]
    whole_m = _driven_m(signals, begin_s, played.home_s)
    legs: list[tuple[float, float]] = []  # driven, planned
    left_s, pending_m = begin_s, 0.0
    for stop, leg_m in zip((*planned.trip.stops, None), planned_m, strict=True):
        pending_m += leg_m
        reached = done.get(stop.stop_id) if stop is not None else None
        until_s = played.home_s if stop is None else reached.from_s if reached else None
        if until_s is None or until_s < left_s:
            continue
        legs.append((_driven_m(signals, left_s, until_s), pending_m))
        left_s, pending_m = reached.until_s if reached else until_s, 0.0

    def is_longer(scale: float) -> bool:
        by_leg = any(_longer(scale * driven_m, as_planned_m) for driven_m, as_planned_m in legs)
        return by_leg or scale * whole_m > DETOUR_TRIP * sum(planned_m)

    if not is_longer(1 + ODOMETER):
        return []
    detour = _incident(planned, "detour", None, begin_s, played.home_s)
    return [replace(detour, arguable=not is_longer(1 - ODOMETER), happened=is_longer(1))]


def _driven_m(signals: Signals, from_s: float, until_s: float) -> float:
    return float(signals.driven_m[int(until_s)] - signals.driven_m[int(from_s)])


def _longer(driven_m: float, planned_m: float) -> bool:
    return driven_m > DETOUR_LEG * planned_m and driven_m > planned_m + DETOUR_LEG_M


def _path_m(planned: Round, edges: NDArray[np.int64]) -> float:
    network = planned.town.network
    a, b = network.tail[edges], network.head[edges]
    return float(np.hypot(network.x_m[a] - network.x_m[b], network.y_m[a] - network.y_m[b]).sum())


def overspeeds(planned: Round, signals: Signals, second: NDArray[np.int64]) -> list[Incident]:
    """More than 1.1 times the town's limit at three reports in a row or more (at so many seconds of the day), for 15 s.

    Arguable within what a reported speed may err.
    """
    limit_mps, speed_mps = 1.1 * speed_limit_mps(planned.town), signals.speed_mps[second]
    certain, exact = (list(_fast(speed_mps > limit_mps + margin_mps, second)) for margin_mps in (SPEED_ERROR_MPS, 0.0))
    return [
        replace(
            _incident(planned, "overspeed", None, from_s, until_s),
            arguable=not _overlaps(from_s, until_s, certain),
            happened=_overlaps(from_s, until_s, exact),
        )
        for from_s, until_s in _fast(speed_mps > limit_mps - SPEED_ERROR_MPS, second)
    ]


def _fast(over: NDArray[np.bool_], second: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for begin, end in spans_of(over):
        from_s, until_s = int(second[begin]), int(second[end - 1])
        if end - begin >= 3 and until_s - from_s >= 15:
            yield from_s, until_s


def weight_drops(planned: Round, played: Played, signals: Signals) -> list[Incident]:
    """More left the van than it should: anything of weight away from a shop, or at one beyond its order."""
    found = []
    for one in played.stood:
        stop, load_kg = one.halt.stop, float(signals.cargo_kg[int(one.from_s)])
        if is_too_much(stop, one.halt.unload_kg, load_kg):
            found.append(_incident(planned, "cargo_weight_drop", stop.stop_id if stop else None, one.from_s, one.until_s))
    return found


def is_too_much(stop: PlannedStop | None, gone_kg: float, load_kg: float) -> bool:
    """Whether so much may not leave a van with such a load: away from every shop, or at one."""
    if stop is None:
        return gone_kg > max(DROP_KG, DROP_SHARE * load_kg)
    due_kg = (stop.cases or 0.0) * CASE_KG
    return gone_kg - due_kg > max(DROP_KG, DROP_AT_STOP_SHARE * due_kg)


def _incident(planned: Round, rule: str, stop_id: str | None, from_s: float, until_s: float) -> Incident:
    trip = planned.trip
    return Incident(rule, trip.device_id, trip.trip_id, stop_id, planned.at(from_s), planned.at(until_s))
