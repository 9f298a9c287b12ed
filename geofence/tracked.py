"""One device above the kernels: when it is, what rules remember of it, its trip, and the fix that decides."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.zones import Zone
from geofence.columns import visit_columns
from geofence.facts import Fact
from geofence.fixes import GoodFix, deciding_fix
from geofence.journal import Episode, Journal
from geofence.kernels.layout import Land
from geofence.parameters import SINCE_EVER_US
from geofence.planned import PlannedTrip, Versions
from geofence.state import NEVER_US, fresh_visits
from geofence.suppressions import Suppressions
from geofence.timers import FAR_FUTURE_US, Timers

NO_EVIDENCE: Final[dict[int, dict[str, GoodFix]]] = {}
_NOTHING: Final = msgspec.msgpack.encode({})
NOTHING: Final = cast("dict[str, Any]", MappingProxyType({}))
"""Stands in for the empty maps of devices at rest: one that is emptied keeps the room it had, and an empty one 64 bytes."""
NO_TIMERS: Final = cast("Timers", NOTHING)
NO_COLUMNS: Final = visit_columns(fresh_visits(0))


@dataclass(slots=True)
class Surroundings:
    """What is shared by all devices."""

    zones: tuple[Zone, ...]
    trips: tuple[PlannedTrip, ...]
    first_trip: NDArray[np.int32]
    since_us: tuple[int, ...] = (SINCE_EVER_US,)  # when each version of the parameters begins to hold
    land: Land | None = None
    suppressions: Suppressions = field(default_factory=Suppressions)


class Tracked:
    """What is kept of a device. `Device` adds what rules conclude through it."""

    __slots__ = (
        "_here",
        "_memory",
        "_shared",
        "changed",
        "cool",
        "episodes",
        "evidence",
        "fact",
        "journal",
        "key",
        "last_good",
        "memory",
        "now_us",
        "over",
        "plan",
        "planned",
        "slot",
        "stay_us",
        "timers",
        "trip_number",
        "values",
        "versions",
        "visit",
        "visits",
    )

    def __init__(self, slot: int, key: str, shared: Surroundings, versions: Versions, visits: NDArray[np.void]) -> None:
        self.slot = slot
        self.key = key
        self._shared = shared
        self.versions = versions
        self.values = versions[0]
        self.take_visits(visits)
        self.trip_number = -1
        self.over = True
        self.plan: PlannedTrip | None = None  # the running trip
        self.planned: PlannedTrip  # the same, or the one that just ended
        self.now_us = NEVER_US
        self.stay_us = 0  # begin of the stop it is in, else 0
        self.last_good: GoodFix | None = None  # as of the timer that goes off
        self.fact: Fact | None = None  # the fact that decides what is concluded,
        self._here: GoodFix | None = None  # or the fix
        self.evidence = NO_EVIDENCE  # by stop, the fixes that are new of its visit's
        self.episodes: dict[str, Episode] = {}
        self.memory: dict[str, Any] = NOTHING  # what rules remember, by their names;
        self._memory = _NOTHING  # the same, packed, between calls
        self.timers = Timers()
        self.cool: dict[str, int] = NOTHING
        self.changed = 0  # bit k: the visit of stop k is to be concluded
        self.journal = Journal()

    @property
    def here(self) -> GoodFix | None:
        """The fix that decides what is concluded."""
        if self.fact is not None:
            self._here, self.fact = deciding_fix(self.fact), None
        return self._here

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All zones, by number."""
        return self._shared.zones

    @property
    def trip_id(self) -> str | None:
        """The running trip's, if there is one."""
        return None if self.plan is None else self.plan.trip.trip_id

    @property
    def follow_ups(self) -> list[Fact]:
        """Facts that rules found out themselves, stepped over next."""
        return self.journal.follow_ups

    def take_visits(self, visits: NDArray[np.void]) -> None:
        """Keep the visits of the running trip here, which are of state.VISIT; none while there is no trip."""
        self.visits, self.visit = visits, visit_columns(visits)

    def come_to(self, fact: Fact, decided_us: int) -> None:
        """What is concluded from now on is decided by a fact, at a moment."""
        self.fact, self.now_us = fact, decided_us
        if len(self.versions) > 1:
            self.reach(decided_us)

    def see(self, fix: GoodFix | None) -> None:
        """What is concluded from now on is decided by a fix, as far as there is one."""
        self.fact, self._here = None, fix

    def reach(self, now_us: int) -> None:
        """Time has come to a moment: the parameters are those that hold then."""
        self.now_us = now_us
        version = bisect_right(self._shared.since_us, now_us) - 1 if len(self.versions) > 1 else 0
        self.values = self.versions[version]

    def wake_us(self) -> int:
        """When the earliest timer is due."""
        return self.timers.due_us if self.timers else FAR_FUTURE_US

    def rise(self) -> None:
        """Something may be concluded again."""
        if self.memory is NOTHING:
            self.memory = msgspec.msgpack.decode(self._memory)
        if self.visit is NO_COLUMNS:
            self.visit = visit_columns(self.visits)
        if not self.timers:
            self.timers = Timers()
        if not self.episodes:
            self.episodes = {}

    def rest(self) -> None:
        """Nothing is concluded for now: keep what is remembered in as little room as it needs."""
        if self.memory is not NOTHING:
            self._memory, self.memory = msgspec.msgpack.encode(self.memory) if self.memory else _NOTHING, NOTHING
        self.timers, self.episodes, self.cool = self.timers or NO_TIMERS, self.episodes or NOTHING, self.cool or NOTHING
        self.visit = NO_COLUMNS
        self.see(None)
