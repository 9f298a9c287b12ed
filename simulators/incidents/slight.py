"""Too short or too weak to be an incident, by little: a hard brake, a moment of interference, a signature in the cab."""

from __future__ import annotations

import numpy as np

from domain.truth import Incident
from simulators.fleet.observed import Observed
from simulators.fleet.script import Halt
from simulators.fleet.tracker import put
from simulators.incidents.case import Case

_HARD_MPS2 = 3.1  # below the 3.5 that is told
_AT_LEAST_MPS = 8.0


def brake_for_child(case: Case) -> bool:
    """The driver brakes hard, as anybody would, and the tracker reports before and after."""
    case.hooks.append(_brake)
    return True


def _brake(seen: Observed) -> list[Incident]:
    since_s = np.diff(seen.second, append=seen.second[-1])
    fast = np.flatnonzero((seen.fixes["speed_mps"] > _AT_LEAST_MPS) & (since_s > 4) & (seen.second + 2 < seen.played.home_s))
    if len(fast):
        at = int(seen.rng.choice(fast))
        speed_mps = float(seen.fixes["speed_mps"][at])
        for n in (1, 2):
            _report(seen, at + n, round(max(speed_mps - n * _HARD_MPS2, 0.0), 2))
    return []


def _report(seen: Observed, at: int, speed_mps: float) -> None:
    """One more row, a second after the one before it, with as much of an error."""
    before, second = seen.fixes[at - 1 : at].copy(), int(seen.second[at - 1])
    plane, signals = seen.planned.town.network.plane, seen.signals
    x_m, y_m = plane.to_metres(before["longitude_e7"] / 1e7, before["latitude_e7"] / 1e7)
    moved = (signals.x_m[second + 1] - signals.x_m[second], signals.y_m[second + 1] - signals.y_m[second])
    put(before, plane, x_m + moved[0], y_m + moved[1])
    before["odometer_m"] = np.round(before["odometer_m"] + np.hypot(*moved))
    for name in ("fix_us", "received_us"):
        before[name] += 1_000_000
    before["speed_mps"], before["alarms"] = speed_mps, 0
    seen.fixes["seq"][at:] += 1
    before["seq"] += 1
    seen.fixes = np.concatenate([seen.fixes[:at], before, seen.fixes[at:]])
    seen.second = np.concatenate([seen.second[:at], [second + 1], seen.second[at:]])


def brief_interference(case: Case) -> bool:
    """Somebody's jammer passes by: no position for less than the minute after which trackers speak of jamming."""
    case.hooks.append(_interfere)
    return True


def _interfere(seen: Observed) -> list[Incident]:
    drive = max(seen.played.driven, key=lambda driven: driven.until_s - driven.from_s)
    begin = drive.from_s + 10
    seen.lose_fix(seen.between(begin, min(drive.until_s, begin + float(seen.rng.uniform(25, 55)))))
    return []


def sign_on_leaving(case: Case) -> bool:
    """A shop is served, and its proof captured in the cab when the van has just begun to move."""
    halt = case.script.actions[int(case.rng.choice(case.services()))]
    assert isinstance(halt, Halt)
    assert halt.stop is not None
    case.script.signed_late_s[halt.stop.stop_id] = float(case.rng.uniform(3, 12))
    return True
