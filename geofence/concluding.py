"""How rules conclude events of a device: they open, change, close, tell and take back."""

from __future__ import annotations

from typing import Any

from domain.events import Severity
from geofence.alike import Alike
from geofence.conclusions import Withdrawal
from geofence.journal import Episode, event_id, rounded
from geofence.planned import PlannedTrip
from geofence.rows import from_us
from geofence.state import NEVER_US
from geofence.tracked import Tracked


class Concluding(Tracked):
    """Lets rules conclude events, each decided by the fix at hand."""

    __slots__ = ()

    def open(
        self,
        rule: str,
        place: str,
        started_us: int,
        severity: Severity,
        *,
        stop: int | None = None,
        confidence: float = 1.0,
        facts: dict[str, Any] | None = None,
        trip: PlannedTrip | None = None,
    ) -> Episode | None:
        """Begin an event of a rule at a place, unless one goes on there or ended so lately that people know already.

        `trip`: what it belongs to, if not to the running one.
        """
        key = f"{rule}|{place}"
        if key in self.episodes:
            return self.episodes[key]
        plan = self.plan if trip is None else trip
        trip_id = None if plan is None else plan.trip.trip_id
        if self.cool.get(key, NEVER_US) > started_us:
            return None
        stop_id = plan.trip.stops[stop].stop_id if plan is not None and stop is not None else None
        name = event_id(rule, self.key, trip_id, place, started_us)
        shown = {**rounded(facts or {}), "evidence": self._evidence()}
        episode = Episode(name, rule, severity, trip_id, stop_id, started_us, self.now_us, confidence, shown)
        self.episodes[key] = episode
        self.journal.note(self.key, episode, None)
        return episode

    def change(self, rule: str, place: str, severity: Severity | None = None, **facts: Any) -> None:
        """Give a running event new facts or another severity."""
        episode = self.episodes.get(f"{rule}|{place}")
        if episode is None:
            return
        episode.severity = severity or episode.severity
        episode.facts.update(rounded(facts))
        self.journal.note(self.key, episode, None)

    def close(self, rule: str, place: str, ended_us: int, cool_down: bool = True, **facts: Any) -> None:
        """End a running event; nothing happens when there is none."""
        key = f"{rule}|{place}"
        episode = self.episodes.pop(key, None)
        if episode is None:
            return
        episode.facts.update(rounded(facts))
        self._add_fix(episode)
        self.journal.note(self.key, episode, max(ended_us, episode.started_us))
        if cool_down:
            self._cool(key, ended_us)

    def tell(
        self,
        rule: str,
        place: str,
        at_us: int,
        severity: Severity,
        *,
        stop: int | None = None,
        confidence: float = 1.0,
        cool_down: bool = True,
        facts: dict[str, Any] | None = None,
        trip: PlannedTrip | None = None,
    ) -> Episode | None:
        """An event of a moment; None where people know already."""
        episode = self.open(rule, place, at_us, severity, stop=stop, confidence=confidence, facts=facts, trip=trip)
        if episode is not None:
            del self.episodes[f"{rule}|{place}"]
            self.journal.note(self.key, episode, at_us)
            if cool_down:
                self._cool(f"{rule}|{place}", at_us)
        return episode

    def withdraw(self, rule: str, place: str, reason: str) -> None:
        """A running event was wrong after all."""
        episode = self.episodes.pop(f"{rule}|{place}", None)
        if episode is not None:
            self.take_back(episode, reason)

    def take_back(self, episode: Episode, reason: str) -> None:
        """Withdraw an event, running or over."""
        episode.facts["withdrawn"] = reason
        self.journal.note(self.key, episode, max(self.now_us, episode.started_us))
        self.journal.withdrawn[episode.event_id] = Withdrawal(episode.event_id, from_us(self.now_us), reason)

    def revoke(self, rule: str, place: str, event_id: str, reason: str) -> None:
        """An event, running at its place or long over, was wrong after all, and keeps nothing quiet."""
        self.cool = {name: until for name, until in self.cool.items() if name != f"{rule}|{place}"}
        episode = self.episodes.get(f"{rule}|{place}")
        if episode is not None and episode.event_id == event_id:
            self.withdraw(rule, place, reason)
        else:
            self.journal.withdrawn[event_id] = Withdrawal(event_id, from_us(self.now_us), reason)

    def alike(
        self, kind: str, at_us: int, longitude_e7: int, latitude_e7: int, episode: Episode | None = None, **limits: Any
    ) -> None:
        """Tell what the fleet may do alike; `episode` is excused when enough of it do, within the limits (see Alike)."""
        name = event_id(kind, self.key, None if episode is None else episode.event_id, f"{longitude_e7},{latitude_e7}", at_us)
        named = None if episode is None else episode.event_id
        told = Alike(name, kind, self.key, at_us, self.now_us, longitude_e7, latitude_e7, named, **limits)
        self.journal.alike[name] = told

    def _cool(self, key: str, ended_us: int) -> None:
        self.cool = {name: until for name, until in self.cool.items() if until > self.now_us}
        self.cool[key] = ended_us + int(self.values["alarm.cool_down_s"] * 1e6)

    def _evidence(self) -> dict[str, Any]:
        """The fix that decides now, and the zones around it."""
        if self.here is None:
            return {"fixes": []}
        sightings = self.journal.sightings
        return {"fixes": [sightings.shown(self.here)], "zones": sightings.around(self.here)["zones"]}

    def _add_fix(self, episode: Episode) -> None:
        fixes = episode.facts.get("evidence", {}).get("fixes")
        if fixes is not None and self.here is not None and (shown := self.journal.sightings.shown(self.here)) not in fixes:
            fixes.append(shown)
