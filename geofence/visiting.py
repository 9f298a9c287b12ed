"""How rules conclude the visits of a device's trip, and what is shown of one."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from domain.events import VisitState
from geofence.journal import draft_visit
from geofence.kernels.ground import metres
from geofence.rows import from_us, moment_text
from geofence.tracked import NO_EVIDENCE, Tracked
from geofence.visit_states import CODE, CROSSED, DROVE_BY, OPEN_STATES, POSSIBLE, RISKS, SHARED, STATES

_MS_US: Final = 1_000
_ROLES: Final = tuple(state.value for state in STATES)
_ANY_RISK: Final = sum(RISKS)
_ARRIVED: Final = CODE[VisitState.arrived]
_MARK_NAMES: Final = ((DROVE_BY, "drove_by"), (CROSSED, "crossed"), (SHARED, "neighbour_served"), (POSSIBLE, "data_gap"))
_SHOWN_MARKS: Final = DROVE_BY | CROSSED | SHARED | POSSIBLE


class Visiting(Tracked):
    """Lets rules change visits; the latest form of each is concluded."""

    __slots__ = ()

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

    def set_visit(self, number: int, state: VisitState | None, confidence: float | None = None) -> None:
        """Change a visit; its latest form is concluded."""
        visit = self.visit
        if state is not None:
            code = visit.state[number] = CODE[state]
            self.note_fix(number, _ROLES[code])
        if confidence is not None:
            visit.confidence[number] = round(100 * confidence)
        self.changed |= 1 << number

    def note_fix(self, number: int, role: str) -> None:
        """Keep the fix that decides now as evidence of a visit."""
        fix = self.here
        if fix is not None:
            if self.evidence is NO_EVIDENCE:
                self.evidence = {}
            self.evidence.setdefault(number, {})[role] = fix

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
            if not math.isnan(away_m := visit.away_m.item(number)):
                facts["from_pin_m"] = round(away_m, 1)
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
        self.journal.visits[trip_id, stop_id] = draft_visit(
            trip_id,
            stop_id,
            STATES[visit.state.item(number)],
            self._moment(visit.came_ms.item(number)),
            self._moment(visit.went_ms.item(number)),
            visit.confidence.item(number) / 100,
            facts,
            {role: around(fix) for role, fix in self.evidence.pop(number, {}).items()},
        )

    def _minutes_left(self, number: int) -> float:
        closes_us = min(self.planned.stop.closes_us.item(number), self.planned.planned_end_us)
        risk_us = self.planned.begin_us + self.visit.risk_s.item(number) * 1_000_000
        return round((closes_us - risk_us) / 60e6, 1)

    def _minute_us(self, number: int) -> int | None:
        """The estimated arrival at a stop that is still ahead."""
        minutes, state = self.visit.eta_min.item(number), self.visit.state.item(number)
        if minutes == 0 or state == _ARRIVED or state not in OPEN_STATES:
            return None
        return self.planned.begin_us + minutes * 60_000_000

    def _moment(self, ms: int) -> datetime | None:
        return None if ms < 0 else from_us(self.planned.begin_us + ms * _MS_US)

    def ms(self, moment_us: int) -> int:
        """A moment as visits keep it: milliseconds since the trip's begin."""
        return max(0, (moment_us - self.planned.begin_us) // _MS_US)

    def metres_to_stop(self, number: int, longitude_e7: float, latitude_e7: float) -> float:
        """From a place to a planned stop's centre."""
        stop = self.planned.stop
        return metres(longitude_e7, latitude_e7, stop.lon.item(number), stop.lat.item(number))
