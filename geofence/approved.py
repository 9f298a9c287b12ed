"""What people have approved for a device: breaks, breakdowns, detours."""

from __future__ import annotations

from collections.abc import Collection

from domain.suppressors import SuppressorKind
from geofence.tracked import Tracked


class Approved(Tracked):
    """Lets rules ask what is approved at a moment."""

    __slots__ = ()

    def held_until(self, kinds: Collection[SuppressorKind], at_us: int) -> int | None:
        """Until when an approval of these kinds holds for the device; None: none does at that moment."""
        suppressions = self._shared.suppressions
        return suppressions.until(self.key, self.trip_id, kinds, at_us) if suppressions else None

    def held_s(self, kinds: Collection[SuppressorKind], from_us: int, until_us: int) -> float:
        """How many of the seconds between two moments approvals of these kinds cover."""
        suppressions = self._shared.suppressions
        return suppressions.seconds(self.key, self.trip_id, kinds, from_us, until_us) if suppressions else 0.0

    def is_on_detour(self, at_us: int, longitude_e7: int, latitude_e7: int) -> bool:
        """Whether a detour is approved there and then."""
        suppressions = self._shared.suppressions
        return bool(suppressions) and suppressions.is_on_detour(self.key, self.trip_id, at_us, (longitude_e7, latitude_e7))

    def await_breakdown(self) -> None:
        """Set the timer for the next begin or end of an approved breakdown."""
        self.timers.pop("breakdown", None)
        plan, suppressions = self.plan, self._shared.suppressions
        if plan is None or not suppressions:
            return
        turn_us = suppressions.next_turn(self.key, plan.trip.trip_id, self.now_us)
        if turn_us is not None and turn_us < plan.longest_us:
            self.timers["breakdown"] = turn_us
