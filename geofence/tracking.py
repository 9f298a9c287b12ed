"""What is known of one device above the kernels, from trip to trip, as a checkpoint keeps it, and from world to world."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geofence.approved import Approved
from geofence.concluding import Concluding
from geofence.journal import Episode
from geofence.planned import Versions
from geofence.state import fresh_visits
from geofence.timers import Timers
from geofence.tracked import Surroundings
from geofence.visiting import Visiting

_BLANK: Final = ("state", "marks", "confidence", "served_n", "dwell_s", "away_m", "eta_min")
_UNSET: Final = ("came_ms", "went_ms", "risk_s")
_KEPT: Final = ("over", "now_us", "stay_us", "_memory", "timers", "cool")


class Device(Visiting, Concluding, Approved):
    """One device above the kernels. Rules read it and conclude through it."""

    __slots__ = ()

    def start_trip(self, number: int, visits: NDArray[np.void]) -> None:
        """Take up a trip; `visits` has room for its stops."""
        self.show_visits()
        self.trip_number, self.over = number, False
        plan = self.plan = self.planned = self._shared.trips[number]
        self.take_visits(visits[: len(plan.stops)])
        for name in _BLANK:
            self.visits[name] = 0
        for name in _UNSET:
            self.visits[name] = -1
        self.versions = plan.versions
        self.reach(self.now_us)

    def end_trip(self, now_us: int) -> None:
        """End the trip and its events."""
        plan = self.plan
        if plan is None:
            return
        for key, episode in list(self.episodes.items()):
            if episode.trip_id == plan.trip.trip_id:
                rule, _, place = key.partition("|")
                self.close(rule, place, now_us, cool_down=False)
        self.over, self.plan = True, None

    def dump(self) -> dict[str, Any]:
        """What a checkpoint keeps beside visits and episodes."""
        self.rest()
        return {name: getattr(self, name) for name in _KEPT} | {"timers": dict(self.timers), "cool": dict(self.cool)}

    @classmethod
    def load(cls, kept: dict[str, Any], trip_number: int, episodes: dict[str, Episode]) -> Device:
        """A device as dumped, in no world yet."""
        device = cls(-1, "", Surroundings((), (), np.zeros(0, np.int32)), ({},), fresh_visits(0))
        for name in _KEPT:
            setattr(device, name, kept[name])
        device.timers = Timers(device.timers)
        device.trip_number, device.episodes = trip_number, episodes
        return device

    def move(self, slot: int, key: str, shared: Surroundings, versions: Versions) -> None:
        """Be in a world; `trip_number` is that of the trip there."""
        self.slot, self.key, self._shared, self.versions = slot, key, shared, versions
        self.over = self.over or self.trip_number < 0
        if self.trip_number >= 0:
            self.planned = shared.trips[self.trip_number]
        self.plan = None if self.over else self.planned
        if self.plan is not None:
            self.versions = self.plan.versions
        self.reach(self.now_us)
        self.rise()
