"""What is known of one device above the kernels: its trip, its visits, its open episodes and timers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.events import Severity, Visit, VisitState
from domain.trips import Trip
from domain.zones import Zone
from geofence.conclusions import Withdrawal
from geofence.facts import Fact
from geofence.journal import Episode, Journal, event_id, rounded
from geofence.kernels.ground import metres
from geofence.rows import from_us
from geofence.state import NEVER_US, fresh_visits
from geofence.traffic import Traffic

STATES: Final = tuple(VisitState)
"""A visit's state is kept as its place here."""
CODE: Final = {state: code for code, state in enumerate(STATES)}
OPEN_STATES: Final = frozenset(
    CODE[state] for state in (VisitState.pending, VisitState.approaching, VisitState.arrived, VisitState.drive_by)
)
SERVED_STATES: Final = frozenset((CODE[VisitState.serviced], CODE[VisitState.out_of_sequence]))
LIKELY, POSSIBLE, SHARED, DROVE_BY, CROSSED, SUSPECTED, FINAL = (1 << n for n in range(7))
"""Marks of a visit: a gap in the data likely or possibly covers it; a neighbour was served from the same halt; and so on."""
FAR_FUTURE_US: Final = 2**62
_BLANK: Final = ("state", "marks", "confidence", "served_n", "dwell_s", "away_m")
_UNSET: Final = ("came_ms", "went_ms", "risk_s")
_MS_US: Final = 1_000


class ProofPlace(NamedTuple):
    """A proof of delivery; NaN where its place is not known."""

    at_us: int
    stop: int
    longitude_e7: float
    latitude_e7: float
    accuracy_m: float


class Goods(NamedTuple):
    """What is to be carried into a stop, kg; `delivered_kg` is what its proof says was left there, NaN while nobody says."""

    due_kg: float
    delivered_kg: float


class PlannedTrip(NamedTuple):
    """A trip with what the kernels know of it."""

    trip: Trip
    begin_us: int
    end_us: int
    planned_start_us: int
    planned_end_us: int
    length_m: float
    stops: NDArray[np.void]  # of plan.STOP
    proofs: tuple[ProofPlace, ...]  # by capture
    values: dict[str, float]  # parameters of its organisation and route
    signed_us: dict[int, int]  # stop -> when its first proof was captured
    goods: dict[int, Goods]  # stop -> what its orders weigh, where that is known


class GoodFix(NamedTuple):
    """When and where a device was last seen well."""

    time_us: int
    longitude_e7: int
    latitude_e7: int


@dataclass(slots=True)
class Surroundings:
    """What is shared by all devices."""

    zones: tuple[Zone, ...]
    trips: tuple[PlannedTrip, ...]
    first_trip: NDArray[np.int32]
    traffic: Traffic = field(default_factory=Traffic)


class Device:
    """One device above the kernels. Rules read it and conclude through it."""

    __slots__ = (
        "_shared",
        "changed",
        "cool",
        "driven_m",
        "episodes",
        "follow_ups",
        "journal",
        "key",
        "last_good",
        "last_heard_us",
        "memory",
        "now_us",
        "over",
        "slot",
        "stay_us",
        "timers",
        "trip_number",
        "values",
        "visits",
    )

    def __init__(self, slot: int, key: str, shared: Surroundings, values: dict[str, float], visits: NDArray[np.void]) -> None:
        self.slot = slot
        self.key = key
        self._shared = shared
        self.values = values
        self.visits = visits  # of the running trip, else empty
        self.trip_number = -1
        self.over = True
        self.now_us = NEVER_US
        self.stay_us = 0  # begin of the stop it is in, else 0
        self.driven_m = 0.0
        self.last_good: GoodFix | None = None  # as of the timer that goes off
        self.last_heard_us = NEVER_US
        self.episodes: dict[str, Episode] = {}
        self.memory: dict[str, Any] = {}
        self.timers: dict[str, int] = {}
        self.cool: dict[str, int] = {}
        self.changed = 0  # bit k: the visit of stop k is to be concluded
        self.follow_ups: list[Fact] = []  # facts rules found out themselves, stepped over next
        self.journal = Journal()

    @property
    def plan(self) -> PlannedTrip | None:
        """The running trip."""
        return None if self.over or self.trip_number < 0 else self._shared.trips[self.trip_number]

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All zones, by number."""
        return self._shared.zones

    @property
    def traffic(self) -> Traffic:
        """Where the fleet halts."""
        return self._shared.traffic

    @property
    def planned(self) -> PlannedTrip:
        """The running trip, or the one that just ended."""
        return self._shared.trips[self.trip_number]

    def start_trip(self, number: int, visits: NDArray[np.void]) -> None:
        """Take up a trip; `visits` has room for its stops."""
        self.show_visits()
        self.trip_number, self.over = number, False
        plan = self._shared.trips[number]
        self.visits = visits[: len(plan.stops)]
        for name in _BLANK:
            self.visits[name] = 0
        for name in _UNSET:
            self.visits[name] = -1
        self.values = plan.values
        self.driven_m = 0.0

    def end_trip(self, now_us: int) -> None:
        """End the trip and its events."""
        plan = self.plan
        if plan is None:
            return
        for key, episode in list(self.episodes.items()):
            if episode.trip_id == plan.trip.trip_id:
                rule, _, place = key.partition("|")
                self.close(rule, place, now_us, cool_down=False)
        self.over = True

    def dump(self) -> dict[str, Any]:
        """What a checkpoint keeps beside visits and episodes."""
        kept = ("over", "now_us", "stay_us", "driven_m", "memory", "timers", "cool")
        return {name: getattr(self, name) for name in kept}

    @classmethod
    def load(cls, kept: dict[str, Any], trip_number: int, episodes: dict[str, Episode]) -> Device:
        """A device as dumped, in no world yet."""
        device = cls(-1, "", Surroundings((), (), np.zeros(0, np.int32)), {}, fresh_visits(0))
        for name, value in kept.items():
            setattr(device, name, value)
        device.trip_number, device.episodes = trip_number, episodes
        device.over = device.over or trip_number < 0
        return device

    def moved(self, slot: int, key: str, shared: Surroundings, values: dict[str, float]) -> Device:
        """The same device in a world."""
        self.slot, self.key, self._shared, self.values = slot, key, shared, values
        return self

    def wake_us(self) -> int:
        """When the earliest timer is due."""
        return min(self.timers.values()) if self.timers else FAR_FUTURE_US

    # events

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
    ) -> Episode | None:
        """Begin an event of a rule at a place, unless one goes on there or ended so lately that people know already."""
        key = f"{rule}|{place}"
        if key in self.episodes:
            return self.episodes[key]
        plan = self.plan
        trip_id = None if plan is None else plan.trip.trip_id
        if self.cool.get(key, NEVER_US) > started_us:
            return None
        stop_id = plan.trip.stops[stop].stop_id if plan is not None and stop is not None else None
        name = event_id(rule, self.key, trip_id, place, started_us)
        shown = rounded(facts or {})
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
        self.journal.note(self.key, episode, max(ended_us, episode.started_us))
        if cool_down:
            self._cool(key, ended_us)

    def _cool(self, key: str, ended_us: int) -> None:
        self.cool = {name: until for name, until in self.cool.items() if until > self.now_us}
        self.cool[key] = ended_us + int(self.values["alarm.cool_down_s"] * 1e6)

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
    ) -> Episode | None:
        """An event of a moment; None where people know already."""
        episode = self.open(rule, place, at_us, severity, stop=stop, confidence=confidence, facts=facts)
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
        """An event, running at its place or long over, was wrong after all."""
        episode = self.episodes.get(f"{rule}|{place}")
        if episode is not None and episode.event_id == event_id:
            self.withdraw(rule, place, reason)
        else:
            self.journal.withdrawn[event_id] = Withdrawal(event_id, from_us(self.now_us), reason)

    # visits

    def states(self) -> list[int]:
        """The state of each stop of the trip."""
        return self.visits["state"].tolist()  # type: ignore[no-any-return]

    def is_open(self, number: int) -> bool:
        """Whether a stop has not been served, missed or given up."""
        return int(self.visits[number]["state"]) in OPEN_STATES

    def mark(self, number: int, marks: int) -> None:
        """Add marks to a visit."""
        self.visits[number]["marks"] = int(self.visits[number]["marks"]) | marks
        self.show(number)

    def unmark(self, number: int, marks: int) -> None:
        """Take marks off a visit."""
        self.visits[number]["marks"] = int(self.visits[number]["marks"]) & ~marks
        self.show(number)

    def set_visit(self, number: int, state: VisitState | None, confidence: float | None = None) -> None:
        """Change a visit; its latest form is concluded."""
        visit = self.visits[number]
        if state is not None:
            visit["state"] = CODE[state]
        if confidence is not None:
            visit["confidence"] = round(100 * confidence)
        self.show(number)

    def show(self, number: int) -> None:
        """Have a visit's latest form concluded."""
        self.changed |= 1 << number

    def show_visits(self) -> None:
        """Conclude the present form of the visits that changed."""
        number, changed = 0, self.changed
        while changed >> number:
            if changed >> number & 1:
                self._show_visit(number)
            number += 1
        self.changed = 0

    def _show_visit(self, number: int) -> None:
        plan, visit = self.planned, self.visits[number]
        marks = int(visit["marks"])
        facts: dict[str, Any] = {"position_no": number + 1}
        if visit["dwell_s"] > 0:
            facts["dwell_s"] = round(float(visit["dwell_s"]), 1)
            facts["from_pin_m"] = round(float(visit["away_m"]), 1)
        if visit["served_n"] > 0:
            facts["served_as"] = int(visit["served_n"])
        for mark, name in ((DROVE_BY, "drove_by"), (CROSSED, "crossed"), (SHARED, "neighbour_served"), (POSSIBLE, "data_gap")):
            if marks & mark:
                facts[name] = True
        if visit["risk_s"] >= 0:
            facts["at_risk_since"] = from_us(plan.begin_us + int(visit["risk_s"]) * 1_000_000).isoformat()
            facts["minutes_left"] = self._minutes_left(number)
        self.journal.visits[plan.trip.trip_id, plan.trip.stops[number].stop_id] = Visit(
            trip_id=plan.trip.trip_id,
            stop_id=plan.trip.stops[number].stop_id,
            state=STATES[visit["state"]],
            arrived_at=self._moment(int(visit["came_ms"])),
            departed_at=self._moment(int(visit["went_ms"])),
            confidence=int(visit["confidence"]) / 100,
            facts=rounded(facts),
        )

    def _minutes_left(self, number: int) -> float:
        closes_us = min(int(self.planned.stops[number]["closes_us"]), self.planned.planned_end_us)
        risk_us = self.planned.begin_us + int(self.visits[number]["risk_s"]) * 1_000_000
        return round((closes_us - risk_us) / 60e6, 1)

    def _moment(self, ms: int) -> Any:
        return None if ms < 0 else from_us(self.planned.begin_us + ms * _MS_US)

    def ms(self, moment_us: int) -> int:
        """A moment as visits keep it: milliseconds since the trip's begin."""
        return max(0, (moment_us - self.planned.begin_us) // _MS_US)

    def metres_to_stop(self, number: int, longitude_e7: float, latitude_e7: float) -> float:
        """From a place to a planned stop's centre."""
        stop = self.planned.stops[number]
        return metres(longitude_e7, latitude_e7, float(stop["lon"]), float(stop["lat"]))
