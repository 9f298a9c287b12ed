"""A tracker that fails is replaced by a spare one while the van stands at a shop, and put back when the van is home."""

from __future__ import annotations

from typing import Final

import numpy as np

from domain.truth import Incident
from simulators.fleet.driving import Stood
from simulators.fleet.observed import Loan, Observed
from simulators.fleet.script import SERVICE
from simulators.incidents.case import Case

KIND: Final = "tracker_swapped"
SPARE: Final = 1
"""In the `device` of a vehicle-day's rows: the spare tracker's; 0 is the van's own."""
_SHORTEST_S: Final = 150.0


def tracker_swapped(case: Case) -> bool:
    """A spare tracker, with numbers and an odometer of its own, tells the rest of the trip. What happens stays as it was."""
    case.hooks.append(_swap)
    return True


def _swap(seen: Observed) -> list[Incident]:
    stood = _middle_stand(seen)
    if stood is None:
        return []
    off = int(stood.from_s) + 30
    on = min(off + int(seen.rng.integers(60, 180)), int(stood.until_s) - 30)
    over = int(seen.played.home_s) + int(seen.rng.integers(600, 1200))
    loan = Loan(off, on, over, over + 60)
    seen.keep(~(seen.between(loan.off_s, loan.on_s) | seen.between(loan.over_s, loan.back_s)))
    rows = seen.between(loan.on_s, loan.over_s)
    if not rows.any():
        return []
    seen.loan = loan
    odometer_m = seen.fixes["odometer_m"][rows]
    seen.fixes["odometer_m"][rows] = odometer_m - odometer_m[0] + float(seen.rng.integers(0, 300_000_000))
    seen.fixes["device"][rows] = SPARE
    seen.fixes["seq"][rows] = np.arange(1, int(rows.sum()) + 1)
    seen.fixes["boot_id"][rows] = seen.planned.day + 1
    return []


def _middle_stand(seen: Observed) -> Stood | None:
    """The longest service in the middle third of the round, if one is long enough."""
    services = [one for one in seen.played.stood if one.halt.purpose == SERVICE]
    third = len(services) // 3
    middle = services[third : len(services) - third]
    longest = max(middle, key=lambda one: one.until_s - one.from_s, default=None)
    return longest if longest is not None and longest.until_s - longest.from_s >= _SHORTEST_S else None
