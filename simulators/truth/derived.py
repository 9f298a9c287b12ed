"""Incidents read off the noise-free day, whatever caused them: labels of halts, lateness, dwell, order, corridor, detour."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta

import numpy as np

from domain.truth import Incident
from simulators.fleet.driving import Driven, Played, Stood
from simulators.fleet.planning import Round
from simulators.fleet.signals import Signals
from simulators.truth.corridor import cross_track_m
from simulators.truth.visits import at_second, served

TOLERANCE = timedelta(minutes=15)
SIGMA_M = 10.0
DEVIATION_S, DEVIATION_M, FAR_OFF_M = 120, 300.0, 1000.0


def labelled(planned: Round, played: Played) -> list[Incident]:
    """What halts and drives were given as labels when an incident wrote them."""
    spans: list[Stood | Driven] = [*played.stood, *played.driven]
    found = []
    for span in spans:
        action = span.halt if isinstance(span, Stood) else span.drive
        stop = span.halt.stop if isinstance(span, Stood) else None
        found += [_incident(planned, rule, stop.stop_id if stop else None, span.from_s, span.until_s) for rule in action.labels]
    return found


def late_or_long(planned: Round, played: Played) -> list[Incident]:
    """Arrivals outside the window by more than 15 minutes, and services of more than twice the plan and 20 minutes."""
    found = []
    for stop_id, one in served(played).items():
        stop = one.halt.stop
        assert stop is not None
        arrived = at_second(planned, one.from_s)
        early = stop.window_start is not None and arrived < stop.window_start - TOLERANCE
        late = stop.window_end is not None and arrived > stop.window_end + TOLERANCE
        if early or late:
            found.append(_incident(planned, "early_or_late", stop_id, one.from_s, one.from_s))
        if one.until_s - one.from_s > max(1200.0, 2 * (stop.planned_service_s or 0.0)):
            found.append(_incident(planned, "long_dwell", stop_id, one.from_s, one.until_s))
    return found


def out_of_sequence(planned: Round, played: Played) -> list[Incident]:
    """Two stops or a fifth of those served outside the longest increasing subsequence of the plan."""
    number = {stop.stop_id: index for index, stop in enumerate(planned.trip.stops)}
    by_time = sorted(served(played).items(), key=lambda item: item[1].from_s)
    order = [number[stop_id] for stop_id, _ in by_time]
    outside = len(order) - _longest_increasing(order)
    if not order or (outside < 2 and outside <= 0.2 * len(order)):
        return []
    return [_incident(planned, "out_of_sequence", None, by_time[0][1].from_s, by_time[-1][1].until_s)]


def _longest_increasing(order: list[int]) -> int:
    """Length of the longest increasing subsequence, by patience sorting."""
    piles: list[int] = []
    for number in order:
        at = bisect_right(piles, number)
        piles[at : at + 1] = [number]
    return len(piles)


def route_deviations(planned: Round, played: Played, signals: Signals) -> list[Incident]:
    """Spans beyond the corridor that are long enough in time and distance, or far enough off, to be one."""
    if not played.driven:
        return []
    first, last = int(played.driven[0].from_s), int(played.driven[-1].until_s)
    x_m, y_m = signals.x_m[first:last], signals.y_m[first:last]
    apart_m = cross_track_m(x_m, y_m, planned)
    outside = apart_m > (planned.trip.corridor_m or 0.0) + SIGMA_M
    edges = np.flatnonzero(np.diff(outside.astype(np.int8), prepend=0, append=0))
    found = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        driven_m = float(signals.driven_m[first + end - 1] - signals.driven_m[first + begin])
        far = float(apart_m[begin:end].max()) > FAR_OFF_M
        if far or (end - begin >= DEVIATION_S and driven_m >= DEVIATION_M):
            found.append(_incident(planned, "route_deviation", None, first + begin, first + end))
    return found


def _incident(planned: Round, rule: str, stop_id: str | None, from_s: float, until_s: float) -> Incident:
    trip = planned.trip
    return Incident(rule, trip.device_id, trip.trip_id, stop_id, at_second(planned, from_s), at_second(planned, until_s))
