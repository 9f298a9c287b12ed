"""What nobody can know is nobody's to find: incidents that no sensor of the van and no row of its tracker could show.

No data is never a violation, and so it is no incident that a rule ought to find either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.truth import Incident
from domain.zones import ZoneKind
from simulators.fleet.observed import Observed
from simulators.fleet.planning import Round
from simulators.fleet.script import SERVICE
from simulators.moments import from_unix_us
from simulators.truth.derived import TOLERANCE, is_too_much

Spans = Sequence[tuple[float, float]]

_SENSORS: Final = {
    "cargo_weight_drop": "cargo",
    "unscheduled_unloading": "door",
    "door_open_moving": "door",
    "fuel_drop": "fuel",
}
_STAYS: Final = {"unscheduled_stop": 600.0, "long_dwell": 1200.0}
"""Rules about staying somewhere, and for how many seconds: whoever is seen there before and after, with wheels that have not
turned meanwhile, has stayed."""
_RED_S: Final = 300.0  # of a halt in a red zone
_REPORT_S: Final = 60.0  # who stands is heard once a minute
_PLACE_S: Final = {
    "unscheduled_unloading": 110.0,
    "route_deviation": 120.0,
    "early_or_late": 0.0,
    "pod_away": 0.0,
    "ghost_delivery": 0.0,
    "overspeed": 15.0,
}
"""Rules about where the van was, and for how many seconds that has to be seen."""
_WHOLE: Final = frozenset({"fuel_drop", "door_open_moving"})
"""Rules about a change from before to after: nothing in between may be hidden."""
_LIE_M, _POOR_HDOP, _LEAST_SATELLITES = 100.0, 4.0, 4
_SIGNS_S: Final = 45.0  # at the latest so long before it leaves a shop, that is signed for
_ITSELF: Final = frozenset({"silent_device", "clock_fault", "settlement_mismatch", "missed_stop", "out_of_sequence", "detour"})


def observable(found: Iterable[Incident], seen: Observed) -> list[Incident]:
    """Those that the van's sensors and its rows can show."""
    return [one for one in found if _fitted(one, seen) and _shown(one, seen)]


def told_when_received(incident: Incident, seen: Observed) -> Incident:
    """A clock shows that it is wrong when its rows are received: until then the fault lasts."""
    if incident.rule != "clock_fault" or incident.ended_at is None:
        return incident
    begin, end = (_second(seen.planned, incident) + s for s in (0.0, (incident.ended_at - incident.started_at).total_seconds()))
    received_us = int(seen.fixes["received_us"][seen.between(begin, end)].max(initial=0))
    return replace(incident, ended_at=max(incident.ended_at, from_unix_us(received_us)))


def told_s(seen: Observed) -> NDArray[np.int64]:
    """The seconds at which a good fix told where the van was: not under a poor sky, and not by a lie."""
    fixes, second, plane = seen.fixes, seen.second, seen.planned.town.network.plane
    x_m, y_m = plane.to_metres(fixes["longitude_e7"] / 1e7, fixes["latitude_e7"] / 1e7)
    at = np.minimum(second, len(seen.signals.x_m) - 1)
    honest = np.hypot(x_m - seen.signals.x_m[at], y_m - seen.signals.y_m[at]) <= _LIE_M
    good = (fixes["fix_valid"] == 1) & (fixes["hdop"] <= _POOR_HDOP) & (fixes["satellites"] >= _LEAST_SATELLITES) & honest
    for low, high in seen.hidden:
        good &= (second <= low) | (second >= high)
    return np.unique(second[good])


def _fitted(incident: Incident, seen: Observed) -> bool:
    sensor = _SENSORS.get(incident.rule)
    return sensor is None or (bool(getattr(seen.fitting, sensor)) and sensor not in seen.broken)


def _shown(incident: Incident, seen: Observed) -> bool:
    if incident.rule in _ITSELF:
        return True
    begin = _second(seen.planned, incident)
    end = max(begin, begin + ((incident.ended_at or incident.started_at) - incident.started_at).total_seconds())
    if incident.rule == "cargo_weight_drop":
        return _weighed(incident, seen, begin, end)
    if incident.rule in _WHOLE:
        return _hidden_s(seen.mute, begin, end) == 0.0
    if incident.rule in _STAYS:
        pieces = in_sight([*seen.hidden, *seen.mute], begin, end)
        stays_s = _RED_S if _in_red_zone(seen, begin) else _STAYS[incident.rule]
        return bool(pieces) and pieces[-1][1] - pieces[0][0] >= min(stays_s + _REPORT_S, end - begin)
    if incident.rule in _PLACE_S:
        hidden = [*seen.hidden, *seen.mute]
        if end == begin:
            return all(_late_anyway(incident, seen, low, high) for low, high in hidden if low < begin <= high)
        return (end - begin) - _hidden_s(hidden, begin, end) >= min(_PLACE_S[incident.rule], end - begin)
    if incident.rule == "spoofed_position":
        return _rolled_m(seen, begin, end) >= 1000.0
    return not any(low <= begin and end <= high for low, high in seen.mute)


def _in_red_zone(seen: Observed, begin: float) -> bool:
    """Whether the halt that began at a second of the day was where none is tolerated."""
    halts = [one for one in seen.played.stood if one.halt.stop is None and abs(one.from_s - begin) < 1.0]
    red = [place for place in seen.planned.town.others if place.kind is ZoneKind.red]
    return any(np.hypot(one.x_m - place.x_m, one.y_m - place.y_m) < place.radius_m for one in halts for place in red)


def _weighed(incident: Incident, seen: Observed, begin: float, end: float) -> bool:
    """Whether what left the van in sight was too much already."""
    stop = next((one for one in seen.planned.trip.stops if one.stop_id == incident.stop_id), None)
    load = seen.signals.cargo_kg

    def load_kg(moment: float) -> float:
        return float(load[min(int(moment), len(load) - 1)])

    lost_kg = [load_kg(first) - load_kg(last) for first, last in in_sight(seen.mute, begin, end)]
    return is_too_much(stop, max(lost_kg, default=0.0), load_kg(begin))


def in_sight(hidden: Spans, begin: float, end: float) -> list[tuple[float, float]]:
    """The pieces of a span, in order, that lie in none of some spans."""
    pieces, reached = list[tuple[float, float]](), begin
    for low, high in sorted(hidden):
        if reached < low:
            pieces.append((reached, min(low, end)))
        reached = max(reached, high)
        if reached >= end:
            break
    return [*pieces, (reached, end)] if reached < end else pieces


def _late_anyway(incident: Incident, seen: Observed, low: float, high: float) -> bool:
    """An arrival in a hidden span that began when it was too late already, or in which another was signed for when it was, at a
    stop where the van still stands afterwards."""
    stood = next((one for one in seen.played.stood if one.halt.stop and one.halt.stop.stop_id == incident.stop_id), None)
    if incident.rule != "early_or_late" or stood is None or stood.halt.stop is None or stood.halt.stop.window_end is None:
        return False
    others = [
        one.until_s - _SIGNS_S for one in seen.played.stood if one.halt.purpose == SERVICE and one.until_s <= stood.from_s
    ]
    return seen.planned.at(max([low, *others])) > stood.halt.stop.window_end + TOLERANCE and stood.until_s > high


def _second(planned: Round, incident: Incident) -> float:
    return (incident.started_at - planned.day_start) / timedelta(seconds=1)


def _hidden_s(spans: Spans, begin: float, end: float) -> float:
    """Seconds of a span that lie in any of some spans."""
    covered, reached = 0.0, begin
    for low, high in sorted(spans):
        first, last = max(low, reached), min(high, end)
        if last > first:
            covered += last - first
            reached = last
    return covered


def _rolled_m(seen: Observed, begin: float, end: float) -> float:
    """What the odometer gains over the rows with a fix."""
    rows = seen.between(begin, end) & (seen.fixes["fix_valid"] == 1)
    return float(np.ptp(seen.fixes["odometer_m"][rows])) if rows.any() else 0.0
