"""How far an organisation's time has come, without trusting that its time is ours.

Trackers are late, simulations run faster than we do, and history may be played again. So event time follows the newest fix that
has been judged, and only while nothing at all arrives does it go on at the pace of our own clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

LATENESS_S: Final = 20.0
"""For how long data is waited for before its absence means something."""
TICK_EVERY_S: Final = 5.0
"""Event time between two ticks."""
_PACE_OVER_S: Final = 10.0
_FASTEST: Final = 10_000.0


@dataclass(slots=True)
class EventClock:
    """The newest fix judged, the moment its batch was stored, and the last tick: all that `due` needs besides the time."""

    newest_fix_at: datetime
    newest_stored_at: datetime
    ticked_at: datetime | None = None
    _seen: deque[tuple[datetime, datetime]] = field(default_factory=deque, init=False, repr=False)

    def __post_init__(self) -> None:
        self._seen.append((self.newest_stored_at, self.newest_fix_at))

    def note(self, fix_at: datetime, stored_at: datetime) -> None:
        """A batch stored at `stored_at` had fixes up to `fix_at`."""
        if fix_at <= self.newest_fix_at:
            return
        self.newest_fix_at = fix_at
        self.newest_stored_at = max(self.newest_stored_at, stored_at)
        self._seen.append((self.newest_stored_at, fix_at))
        while len(self._seen) > 2 and (self.newest_stored_at - self._seen[1][0]).total_seconds() >= _PACE_OVER_S:
            self._seen.popleft()

    def pace(self) -> float:
        """Seconds of event time in a second of ours, at least 1: a simulation's lateness counts in its own time."""
        (stored_before, fix_before), (stored_at, fix_at) = self._seen[0], self._seen[-1]
        passed_s = (stored_at - stored_before).total_seconds()
        if passed_s <= 0.0:
            return 1.0
        return min(_FASTEST, max(1.0, (fix_at - fix_before).total_seconds() / passed_s))

    def due(self, now: datetime, *, is_caught_up: bool) -> datetime | None:
        """The moment to tick for, or None when too little has passed since the last tick.

        While stored batches wait to be judged, `now` says nothing about whether devices are silent.
        """
        quiet = max(timedelta(0), now - self.newest_stored_at) if is_caught_up else timedelta(0)
        as_of = self.newest_fix_at - timedelta(seconds=LATENESS_S * self.pace()) + quiet
        if self.ticked_at is not None and as_of < self.ticked_at + timedelta(seconds=TICK_EVERY_S):
            return None
        return as_of
