"""A vehicle-day as its tracker saw it, for faults and device incidents to change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.suppressors import Suppressor
from domain.truth import Incident
from simulators.fleet.driving import Played
from simulators.fleet.fixes import NO_PLACE, Fixes, alarm_bits
from simulators.fleet.planning import Round
from simulators.fleet.signals import Signals
from simulators.fleet.tracker import Fitting
from simulators.scenario import Scenario

Seconds = NDArray[np.int64]


class Loan(NamedTuple):
    """Seconds of the day: the van's own tracker comes off, a spare one on, and off again, and the own one is back."""

    off_s: float
    on_s: float
    over_s: float
    back_s: float


@dataclass
class Observed:
    """Rows with the second of the day at which each was truly made.

    `hidden` are spans in which the van's place was never told; in those that are `mute` nothing was.
    """

    scenario: Scenario
    planned: Round
    played: Played
    signals: Signals
    fitting: Fitting
    fixes: Fixes
    second: Seconds
    rng: np.random.Generator
    hidden: list[tuple[float, float]] = field(default_factory=list)
    mute: list[tuple[float, float]] = field(default_factory=list)
    approvals: list[Suppressor] = field(default_factory=list)
    loan: Loan | None = None  # its rows while a spare tracker was on the van are that one's
    broken: set[str] = field(default_factory=set)  # sensors of the fitting that say the same whatever happens

    def between(self, from_s: float, until_s: float) -> NDArray[np.bool_]:
        """Which rows were made in a span of the day."""
        inside: NDArray[np.bool_] = (self.second >= from_s) & (self.second < until_s)
        return inside

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Drop the other rows for good."""
        self.fixes, self.second = self.fixes[kept], self.second[kept]

    def alarm(self, near_s: float, name: str) -> int | None:
        """Set an alarm on the first row made at or after a moment; the second of that row, if there is one."""
        at = int(np.searchsorted(self.second, near_s))
        if at == len(self.second):
            return None
        self.fixes["alarms"][at] |= alarm_bits(name)
        return int(self.second[at])

    def lose_fix(self, lost: NDArray[np.bool_]) -> None:
        """No position: trackers repeat their last one and say that it is not valid, or send none."""
        if not lost.any():
            return
        known = np.where(lost, -1, np.arange(len(lost)))
        last = np.maximum.accumulate(known)
        repeated = (last >= 0) & (self.fixes["device"][0] % 2 == 0)
        for name in ("longitude_e7", "latitude_e7"):
            self.fixes[name][lost] = np.where(repeated, self.fixes[name][np.maximum(last, 0)], NO_PLACE)[lost]
        self.fixes["fix_valid"][lost], self.fixes["satellites"][lost] = 0, self.rng.integers(0, 3, int(lost.sum()))
        self.fixes["hdop"][lost], self.fixes["accuracy_m"][lost], self.fixes["speed_mps"][lost] = 99.9, np.nan, np.nan

    def incident(
        self, rule: str, from_s: float, until_s: float, stop_id: str | None = None, *, on_trip: bool = True
    ) -> Incident:
        """A line of truth about this vehicle-day."""
        trip = self.planned.trip
        trip_id = trip.trip_id if on_trip else None
        return Incident(rule, trip.device_id, trip_id, stop_id, self.planned.at(from_s), self.planned.at(until_s))
