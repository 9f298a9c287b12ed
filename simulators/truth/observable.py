"""What nobody can know is nobody's to find: incidents that no sensor of the van and no row of its tracker could show.

No data is never a violation, and so it is no incident that a rule ought to find either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from domain.truth import Incident
from simulators.fleet.observed import Observed
from simulators.fleet.planning import Round
from simulators.fleet.signals import Signals
from simulators.fleet.tracker import Fitting

Spans = Sequence[tuple[float, float]]

_SENSORS: Final = {
    "cargo_weight_drop": "cargo",
    "unscheduled_unloading": "door",
    "door_open_moving": "door",
    "fuel_drop": "fuel",
}
_PLACE_S: Final = {
    "unscheduled_stop": 300.0,
    "unscheduled_unloading": 110.0,
    "route_deviation": 120.0,
    "long_dwell": 1200.0,
    "early_or_late": 0.0,
    "pod_away": 0.0,
    "ghost_delivery": 0.0,
    "overspeed": 15.0,
    "collusion_cluster": 90.0,
}
"""Rules about where the van was, and for how many seconds that has to be seen."""
_WHOLE: Final = frozenset({"cargo_weight_drop", "fuel_drop", "door_open_moving"})
"""Rules about a change from before to after: nothing in between may be hidden."""
_ITSELF: Final = frozenset({"silent_device", "clock_fault", "settlement_mismatch", "missed_stop", "out_of_sequence", "detour"})
HURRY_MPS: Final = 60 / 3.6
SERVICE_S: Final = 45.0
SLACK_M: Final = 150.0


def observable(found: Iterable[Incident], seen: Observed) -> list[Incident]:
    """Those that the van's sensors and its rows can show."""
    return [one for one in found if _fitted(one, seen.fitting) and _shown(one, seen)]


def _fitted(incident: Incident, fitting: Fitting) -> bool:
    sensor = _SENSORS.get(incident.rule)
    return sensor is None or bool(getattr(fitting, sensor))


def _shown(incident: Incident, seen: Observed) -> bool:
    if incident.rule in _ITSELF:
        return True
    begin = _second(seen.planned, incident)
    end = max(begin, begin + ((incident.ended_at or incident.started_at) - incident.started_at).total_seconds())
    if incident.rule in _WHOLE:
        return _hidden_s(seen.mute, begin, end) == 0.0
    if incident.rule in _PLACE_S:
        hidden = [*seen.hidden, *seen.mute]
        if end == begin:
            return not any(low <= begin <= high for low, high in hidden)
        return (end - begin) - _hidden_s(hidden, begin, end) >= min(_PLACE_S[incident.rule], end - begin)
    if incident.rule == "spoofed_position":
        return _rolled_m(seen, begin, end) >= 1000.0
    return not any(low <= begin and end <= high for low, high in seen.mute)


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


def hideable(planned: Round, signals: Signals, spans: Spans) -> set[str]:
    """The stops that can have been served in a span of which nothing is known of the van's place: near enough to its ends, and
    to what it drove meanwhile, to go there, serve and go on."""
    found: set[str] = set()
    last = len(signals.x_m) - 1
    for begin, end in spans:
        a, b = min(int(begin), last), min(int(end), last)
        driven_m = float(signals.driven_m[b] - signals.driven_m[a])
        for stop, place in zip(planned.trip.stops, planned.outlets, strict=True):
            there_m = float(np.hypot(signals.x_m[a] - place.x_m, signals.y_m[a] - place.y_m))
            on_m = float(np.hypot(signals.x_m[b] - place.x_m, signals.y_m[b] - place.y_m))
            in_time = end - begin >= (there_m + on_m) / HURRY_MPS + SERVICE_S
            if in_time and there_m + on_m <= driven_m + 2 * place.radius_m + SLACK_M:
                found.add(stop.stop_id)
    return found
