"""What is known of one device above the kernels: its trip, its visits, its open episodes and timers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Severity, Visit, VisitState
from domain.suppressors import SuppressorKind
from domain.zones import Zone
from geofence.alike import Alike
from geofence.columns import VisitColumns, visit_columns
from geofence.conclusions import Withdrawal
from geofence.facts import Fact
from geofence.fixes import GoodFix, deciding_fix
from geofence.journal import Episode, Journal, event_id, rounded
from geofence.kernels.ground import metres
from geofence.kernels.stepping import Land
from geofence.parameters import SINCE_EVER_US
from geofence.planned import PlannedTrip, Versions
from geofence.rows import from_us, moment_text
from geofence.state import NEVER_US, fresh_visits
from geofence.suppressions import Suppressions

STATES: Final = tuple(VisitState)
"""A visit's state is kept as its place here."""
CODE: Final = {state: code for code, state in enumerate(STATES)}
OPEN_STATES: Final = frozenset(
    CODE[state] for state in (VisitState.pending, VisitState.approaching, VisitState.arrived, VisitState.drive_by)
)
SERVED_STATES: Final = frozenset((CODE[VisitState.serviced], CODE[VisitState.out_of_sequence]))
LIKELY, POSSIBLE, SHARED, DROVE_BY, CROSSED, SUSPECTED, FINAL, TOO_LATE, BROKEN_DOWN = (1 << n for n in range(9))
"""Marks of a visit: a gap in the data likely or possibly covers it; a neighbour was served from the same halt; and so on.
TOO_LATE: its estimated arrival has passed the end of its window. BROKEN_DOWN: a breakdown of the van is approved."""
RISKS: Final = {BROKEN_DOWN: "breakdown", SUSPECTED: "left_out", TOO_LATE: "estimate"}
"""Why a stop is at risk, the weightiest first."""
_ANY_RISK: Final = sum(RISKS)
FAR_FUTURE_US: Final = 2**62
_ARRIVED: Final = CODE[VisitState.arrived]
_MARK_NAMES: Final = ((DROVE_BY, "drove_by"), (CROSSED, "crossed"), (SHARED, "neighbour_served"), (POSSIBLE, "data_gap"))
_SHOWN_MARKS: Final = DROVE_BY | CROSSED | SHARED | POSSIBLE
_BLANK: Final = ("state", "marks", "confidence", "served_n", "dwell_s", "away_m", "eta_min")
_UNSET: Final = ("came_ms", "went_ms", "risk_s")
_MS_US: Final = 1_000
_INFO: Final = Severity.info
_KEPT: Final = ("over", "now_us", "stay_us", "driven_m", "_memory", "timers", "cool")
NO_EVIDENCE: Final[dict[int, dict[str, GoodFix]]] = {}
_NOTHING: Final = msgspec.msgpack.encode({})
NOTHING: Final = cast("dict[str, Any]", MappingProxyType({}))
"""Stands in for the empty maps of devices at rest: one that is emptied keeps the room it had, and an empty one 64 bytes."""


@dataclass(slots=True)
class Surroundings:
    """What is shared by all devices."""

    zones: tuple[Zone, ...]
    trips: tuple[PlannedTrip, ...]
    first_trip: NDArray[np.int32]
    since_us: tuple[int, ...] = (SINCE_EVER_US,)  # when each version of the parameters begins to hold
    land: Land | None = None
    suppressions: Suppressions = field(default_factory=Suppressions)


class Device:
    """One device above the kernels. Rules read it and conclude through it."""

    __slots__ = (
        "_columns",
        "_fact",
        "_here",
        "_memory",
        "_shared",
        "changed",
        "cool",
        "driven_m",
        "episodes",
        "evidence",
        "journal",
        "key",
        "last_good",
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
        "visits",
    )

    def __init__(self, slot: int, key: str, shared: Surroundings, versions: Versions, visits: NDArray[np.void]) -> None:
        self.slot = slot
        self.key = key
        self._shared = shared
        self.versions = versions
        self.values = versions[0]
        self.visits = visits  # of the running trip, else empty
        self._columns: VisitColumns | None = None
        self.trip_number = -1
        self.over = True
        self.plan: PlannedTrip | None = None  # the running trip
        self.planned: PlannedTrip  # the same, or the one that just ended
        self.now_us = NEVER_US
        self.stay_us = 0  # begin of the stop it is in, else 0
        self.driven_m = 0.0
        self.last_good: GoodFix | None = None  # as of the timer that goes off
        self._fact: Fact | None = None  # the fact that decides what is concluded,
        self._here: GoodFix | None = None  # or the fix
        self.evidence = NO_EVIDENCE  # by stop, the fixes that are new of its visit's
        self.episodes: dict[str, Episode] = {}
        self._memory: dict[str, Any] | bytes = _NOTHING  # packed between calls
        self.timers: dict[str, int] = {}
        self.cool: dict[str, int] = NOTHING
        self.changed = 0  # bit k: the visit of stop k is to be concluded
        self.journal = Journal()

    @property
    def memory(self) -> dict[str, Any]:
        """What rules remember, by their names."""
        if isinstance(self._memory, bytes):
            self._memory = msgspec.msgpack.decode(self._memory)
        return self._memory  # type: ignore[return-value]

    @property
    def here(self) -> GoodFix | None:
        """The fix that decides what is concluded."""
        if self._fact is not None:
            self._here, self._fact = deciding_fix(self._fact), None
        return self._here

    @property
    def visit(self) -> VisitColumns:
        """What is known of the trip's visits, a column for each field."""
        if self._columns is None:
            self._columns = visit_columns(self.visits)
        return self._columns

    def come_to(self, fact: Fact) -> None:
        """What is concluded from now on is decided by a fact."""
        self._fact = fact
        self.now_us = fact.decided_us
        if len(self.versions) > 1:
            self.reach(fact.decided_us)

    def see(self, fix: GoodFix | None) -> None:
        """What is concluded from now on is decided by a fix, as far as there is one."""
        self._fact, self._here = None, fix

    @property
    def follow_ups(self) -> list[Fact]:
        """Facts that rules found out themselves, stepped over next."""
        return self.journal.follow_ups

    def rest(self) -> None:
        """Nothing is concluded for now: keep what is remembered in as little room as it needs."""
        if not isinstance(self._memory, bytes):
            self._memory = msgspec.msgpack.encode(self._memory) if self._memory else _NOTHING
        self.timers, self.episodes, self.cool = self.timers or NOTHING, self.episodes or NOTHING, self.cool or NOTHING
        self._columns = None
        self.see(None)

    def rise(self) -> None:
        """Something may be concluded again."""
        if not self.timers:
            self.timers = {}
        if not self.episodes:
            self.episodes = {}

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All zones, by number."""
        return self._shared.zones

    def start_trip(self, number: int, visits: NDArray[np.void]) -> None:
        """Take up a trip; `visits` has room for its stops."""
        self.show_visits()
        self.trip_number, self.over = number, False
        plan = self.plan = self.planned = self._shared.trips[number]
        self.visits, self._columns = visits[: len(plan.stops)], None
        for name in _BLANK:
            self.visits[name] = 0
        for name in _UNSET:
            self.visits[name] = -1
        self.versions = plan.versions
        self.reach(self.now_us)
        self.driven_m = 0.0

    def reach(self, now_us: int) -> None:
        """Time has come to a moment: the parameters are those that hold then."""
        self.now_us = now_us
        version = bisect_right(self._shared.since_us, now_us) - 1 if len(self.versions) > 1 else 0
        self.values = self.versions[version]

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
        for name, value in kept.items():
            setattr(device, name, value)
        device.trip_number, device.episodes = trip_number, episodes
        return device

    def move(self, slot: int, key: str, shared: Surroundings, versions: Versions) -> None:
        """Be in a world; `trip_number` is that of the trip there."""
        self.slot, self.key, self._shared, self.versions, self._columns = slot, key, shared, versions, None
        self.over = self.over or self.trip_number < 0
        if self.trip_number >= 0:
            self.planned = shared.trips[self.trip_number]
        self.plan = None if self.over else self.planned
        if self.plan is not None:
            self.versions = self.plan.versions
        self.reach(self.now_us)
        self.rise()

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

    def note(self, rule: str, place: str, at_us: int, facts: dict[str, Any]) -> None:
        """An event of a moment that is of interest and alarms nobody: told each time, without cool-down."""
        trip_id = None if self.plan is None else self.plan.trip.trip_id
        name, at = event_id(rule, self.key, trip_id, place, at_us), from_us(at_us)
        detected_at = at if at_us == self.now_us else from_us(self.now_us)
        facts["evidence"] = {"fixes": [] if self.here is None else [self.journal.sightings.shown(self.here)]}
        told = Event(name, rule, _INFO, self.key, trip_id, None, at, at, detected_at, 1.0, facts=facts)
        self.journal.events[name] = told

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

    def alike(
        self, kind: str, at_us: int, longitude_e7: int, latitude_e7: int, episode: Episode | None = None, **limits: Any
    ) -> None:
        """Tell what the fleet may do alike; `episode` is excused when enough of it do, within the limits (see Alike)."""
        name = event_id(kind, self.key, None if episode is None else episode.event_id, f"{longitude_e7},{latitude_e7}", at_us)
        named = None if episode is None else episode.event_id
        told = Alike(name, kind, self.key, at_us, self.now_us, longitude_e7, latitude_e7, named, **limits)
        self.journal.alike[name] = told

    # evidence

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

    def note_fix(self, number: int, role: str) -> None:
        """Keep the fix that decides now as evidence of a visit."""
        if self.here is not None:
            if self.evidence is NO_EVIDENCE:
                self.evidence = {}
            self.evidence.setdefault(number, {})[role] = self.here

    # visits

    def states(self) -> list[int]:
        """The state of each stop of the trip."""
        return self.visit.state.tolist()  # type: ignore[no-any-return]

    def is_open(self, number: int) -> bool:
        """Whether a stop has not been served, missed or given up."""
        return self.visit.state.item(number) in OPEN_STATES

    def mark(self, number: int, marks: int) -> None:
        """Add marks to a visit."""
        column = self.visit.marks
        column[number] = column.item(number) | marks
        self.show(number)

    def unmark(self, number: int, marks: int) -> None:
        """Take marks off a visit."""
        column = self.visit.marks
        column[number] = column.item(number) & ~marks
        self.show(number)

    def put_at_risk(self, number: int, why: int) -> None:
        """A stop may not be served in time, for one of RISKS; since when is that of the first."""
        risk_s = self.visit.risk_s
        if risk_s.item(number) < 0:
            risk_s[number] = (self.now_us - self.planned.begin_us) // 1_000_000
        self.mark(number, why)

    def end_risk(self, number: int, why: int) -> None:
        """One of RISKS is over."""
        visit = self.visit
        marks = visit.marks.item(number) & ~why
        visit.marks[number] = marks
        if not marks & _ANY_RISK:
            visit.risk_s[number] = -1
        self.show(number)

    # approvals

    def held_until(self, kinds: Collection[SuppressorKind], at_us: int) -> int | None:
        """Until when an approval of these kinds holds for the device; None: none does at that moment."""
        suppressions = self._shared.suppressions
        return suppressions.until(self.key, self._trip_id, kinds, at_us) if suppressions else None

    def held_s(self, kinds: Collection[SuppressorKind], from_us: int, until_us: int) -> float:
        """How many of the seconds between two moments approvals of these kinds cover."""
        suppressions = self._shared.suppressions
        return suppressions.seconds(self.key, self._trip_id, kinds, from_us, until_us) if suppressions else 0.0

    def is_on_detour(self, at_us: int, longitude_e7: int, latitude_e7: int) -> bool:
        """Whether a detour is approved there and then."""
        suppressions = self._shared.suppressions
        return bool(suppressions) and suppressions.is_on_detour(self.key, self._trip_id, at_us, (longitude_e7, latitude_e7))

    def await_breakdown(self) -> None:
        """Set the timer for the next begin or end of an approved breakdown."""
        self.timers.pop("breakdown", None)
        plan, suppressions = self.plan, self._shared.suppressions
        if plan is None or not suppressions:
            return
        turn_us = suppressions.next_turn(self.key, plan.trip.trip_id, self.now_us)
        if turn_us is not None and turn_us < plan.end_us:
            self.timers["breakdown"] = turn_us

    @property
    def _trip_id(self) -> str | None:
        return None if self.plan is None else self.plan.trip.trip_id

    def set_visit(self, number: int, state: VisitState | None, confidence: float | None = None) -> None:
        """Change a visit; its latest form is concluded."""
        visit = self.visit
        if state is not None:
            visit.state[number] = CODE[state]
            self.note_fix(number, state.value)
        if confidence is not None:
            visit.confidence[number] = round(100 * confidence)
        self.changed |= 1 << number

    def show(self, number: int) -> None:
        """Have a visit's latest form concluded."""
        self.changed |= 1 << number

    def show_visits(self) -> None:
        """Conclude the present form of the visits that changed."""
        changed, self.changed = self.changed, 0
        if not changed:
            return
        while changed:
            lowest = changed & -changed
            self._show_visit(lowest.bit_length() - 1)
            changed ^= lowest
        self.evidence = NO_EVIDENCE

    def _show_visit(self, number: int) -> None:
        plan, visit, around = self.planned, self.visit, self.journal.sightings.around
        marks, served_n, risk_s = visit.marks.item(number), visit.served_n.item(number), visit.risk_s.item(number)
        facts: dict[str, Any] = {"position_no": number + 1}
        if (dwell_s := visit.dwell_s.item(number)) > 0:
            facts["dwell_s"] = round(dwell_s, 1)
            facts["from_pin_m"] = round(visit.away_m.item(number), 1)
        if served_n > 0:
            facts["served_as"] = served_n
        if marks & _SHOWN_MARKS:
            facts |= {name: True for mark, name in _MARK_NAMES if marks & mark}
        estimated_us = self._minute_us(number)
        if estimated_us is not None:
            facts["estimated_arrival_at"] = moment_text(estimated_us)
        if risk_s >= 0:
            facts["at_risk_since"] = moment_text(plan.begin_us + risk_s * 1_000_000)
            facts["minutes_left"] = self._minutes_left(number)
            facts["at_risk_because"] = next((why for mark, why in RISKS.items() if marks & mark), "left_out")
        trip_id, stop_id = plan.trip.trip_id, plan.trip.stops[number].stop_id
        self.journal.visits[trip_id, stop_id] = Visit(
            trip_id,
            stop_id,
            STATES[visit.state.item(number)],
            self._moment(visit.came_ms.item(number)),
            self._moment(visit.went_ms.item(number)),
            visit.confidence.item(number) / 100,
            rounded(facts),
            {role: around(fix) for role, fix in self.evidence.pop(number, {}).items()},
        )

    def _minutes_left(self, number: int) -> float:
        closes_us = min(self.planned.stop.closes_us.item(number), self.planned.planned_end_us)
        risk_us = self.planned.begin_us + self.visit.risk_s.item(number) * 1_000_000
        return round((closes_us - risk_us) / 60e6, 1)

    def _moment(self, ms: int) -> Any:
        return None if ms < 0 else from_us(self.planned.begin_us + ms * _MS_US)

    def _minute_us(self, number: int) -> int | None:
        """The estimated arrival at a stop that is still ahead."""
        minutes, state = self.visit.eta_min.item(number), self.visit.state.item(number)
        if minutes == 0 or state == _ARRIVED or state not in OPEN_STATES:
            return None
        return self.planned.begin_us + minutes * 60_000_000

    def ms(self, moment_us: int) -> int:
        """A moment as visits keep it: milliseconds since the trip's begin."""
        return max(0, (moment_us - self.planned.begin_us) // _MS_US)

    def metres_to_stop(self, number: int, longitude_e7: float, latitude_e7: float) -> float:
        """From a place to a planned stop's centre."""
        stop = self.planned.stop
        return metres(longitude_e7, latitude_e7, stop.lon.item(number), stop.lat.item(number))
