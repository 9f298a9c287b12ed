"""What may have happened where no good fix tells: only what wheels that stood there could have done."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import VisitState
from tests.geofence.scene import Drive, Outcome, judged, proof, stop, trip, world

POOR: dict[str, Any] = {"accuracy_m": None, "hdop": 8.0, "satellites": 5}
DARK: dict[str, Any] = {"accuracy_m": None, "fix_valid": False}


class Metered(Drive):
    """With an odometer, which goes on whatever the fixes are worth."""

    def __init__(self) -> None:
        super().__init__()
        self.driven_m, self.last = 0.0, (0.0, 0.0)

    def fix(self, speed_mps: float | None = 0.0, **more: Any) -> Self:
        self.driven_m += math.hypot(self.x - self.last[0], self.y - self.last[1])
        self.last = self.x, self.y
        super().fix(speed_mps, **{"odometer_m": self.driven_m, **more})
        return self


def _home(drive: Drive) -> Drive:
    return drive.to(9900, 0).to(0, 0, mps=20).halt(200)


def _judged(drive: Drive, *stops: tuple[float, float]) -> Outcome:
    return judged(world([trip([stop(n, *place) for n, place in enumerate(stops, 1)])]), drive)


def _state(outcome: Outcome, number: int) -> VisitState:
    return outcome.visits[f"s{number}"].state


def test_a_stand_at_another_stop_under_a_poor_sky_hides_no_visit() -> None:
    """It could have gone by the first stop in that time, but its wheels stood at the second."""
    drive = _home(Metered().halt(60).to(1000, 0).to(2500, 0, **POOR).halt(200, **POOR).to(2700, 0, **POOR))
    outcome = _judged(drive, (1500, 0), (2500, 0))
    assert (_state(outcome, 1), _state(outcome, 2)) == (VisitState.missed, VisitState.serviced)
    assert [event.stop_id for event in outcome.of("missed_stop")] == ["s1"]


def test_a_stand_beside_the_stop_under_a_poor_sky_may_be_its_visit() -> None:
    drive = _home(Metered().halt(60).to(1000, 0).to(1500, 120, **POOR).halt(200, **POOR).to(2700, 0, **POOR))
    outcome = _judged(drive, (1500, 0), (2500, 0))
    assert _state(outcome, 1) in (VisitState.probable, VisitState.no_data)
    assert [event.stop_id for event in outcome.of("missed_stop")] == ["s2"]


def test_without_any_fix_the_odometer_says_where_it_stood() -> None:
    """Halfway through the dark it stood for minutes: further on than the one stop, and not as far as the other."""
    drive = Metered().halt(60).to(1000, 0)
    drive.to(3000, 0, **DARK).halt(240, **DARK).to(5000, 0, **DARK).to(5200, 0)
    outcome = _judged(_home(drive), (1500, 0), (3000, 0), (4500, 0))
    assert (_state(outcome, 1), _state(outcome, 3)) == (VisitState.missed, VisitState.missed)
    assert _state(outcome, 2) in (VisitState.probable, VisitState.no_data)


def test_in_the_dark_a_stand_is_for_the_stop_that_was_signed_for_in_it() -> None:
    """It stood where the odometer could mean either of two shops, and the driver signed at the one."""
    drive = Metered().halt(60).to(1000, 0)
    drive.to(3000, 0, **DARK).halt(240, **DARK)
    signed = [proof(1, drive.at_s - 60, 3000, 0)]
    drive.to(5000, 0, **DARK).to(5200, 0)
    plan = trip([stop(1, 3000, 0), stop(2, 3100, 0)], proofs=signed)
    outcome = judged(world([plan]), _home(drive))
    assert _state(outcome, 1) in (VisitState.probable, VisitState.no_data)
    assert _state(outcome, 2) is VisitState.missed


def test_a_wait_at_a_red_light_is_not_what_was_signed_for_at_the_next_door() -> None:
    """The driver waits before the fourth shop with the door shut, passes it, and signs for it when serving the fifth."""
    places = [(1000.0, 0.0), (2000.0, 0.0), (3000.0, 0.0), (4000.0, 0.0), (4125.0, 0.0)]
    drive, signed = Metered().halt(60, door_open=False), []
    for number, (x, _) in enumerate(places, 1):
        if number == 4:
            drive.to(x - 65, 0, door_open=False).halt(70, every_s=35, door_open=False)
            continue
        drive.to(x, 0, door_open=False).halt(10, door_open=False).halt(150, door_open=True).halt(10, door_open=False)
        signed.append(proof(number, drive.at_s - 30, x, 0))
    signed.append(proof(4, drive.at_s - 100, 4120, 0))
    plan = trip([stop(n, *place) for n, place in enumerate(places, 1)], proofs=signed)
    outcome = judged(world([plan]), _home(drive))
    assert [_state(outcome, n) for n in (3, 4, 5)] == [VisitState.serviced, VisitState.missed, VisitState.serviced]
    assert [event.stop_id for event in outcome.of("ghost_delivery")] == ["s4"]


def test_what_is_unloaded_after_a_queue_is_told_and_a_door_open_in_it_is_not() -> None:
    def drive(opens_in_queue: bool) -> Metered:
        one = Metered()
        one.halt(60, door_open=False).to(4000, 0, door_open=False).halt(90, every_s=30, door_open=opens_in_queue)
        for x in (4018, 4036):
            one.to(x, 0, mps=1.5, door_open=opens_in_queue).halt(90, every_s=30, door_open=opens_in_queue)
        if not opens_in_queue:
            one.halt(200, every_s=20, door_open=True, ignition=False)
        one.halt(20, every_s=10, door_open=False).to(6000, 0, door_open=False)
        return one

    [event] = _judged(drive(False), (6000, 0)).of("unscheduled_unloading")
    assert event.ended_at is not None
    assert 190 < (event.ended_at - event.started_at).total_seconds() < 260
    assert _judged(drive(True), (6000, 0)).of("unscheduled_unloading") == []


def test_creeping_on_in_a_queue_is_no_visit() -> None:
    drive = Metered().halt(60).to(1000, 0).to(1300, 0, **POOR)
    for _ in range(40):
        drive.to(drive.x + 9, 0, mps=0.9, **POOR)
    outcome = _judged(_home(drive.to(1800, 0, **POOR)), (1500, 0))
    assert _state(outcome, 1) is VisitState.missed


def test_where_no_wheel_tells_anything_the_gap_is_not_held_against_anybody() -> None:
    """As above, without an odometer."""
    drive = Drive().halt(60).to(1000, 0).to(2500, 0, **DARK).halt(200, **DARK).to(2700, 0).to(9900, 0).to(0, 0).halt(200)
    outcome = _judged(drive, (1500, 0), (2500, 0))
    assert _state(outcome, 1) in (VisitState.probable, VisitState.no_data)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from((0.0, 5.0, 700.0)), st.booleans())
def test_an_odometer_that_was_reset_in_a_gap_says_nothing_of_it(begins_m: float, counts: bool) -> None:
    """Mute for twenty minutes between two shops, and the odometer begins anew: nobody knows, so nobody is accused."""
    drive = Metered()
    drive.halt(60).to(1000, 0)
    drive.driven_m += 5_000_000
    drive.to(1300, 0).away(1200)
    drive.x, drive.last = 2700, (2700.0, 0.0)
    drive.driven_m = begins_m
    drive.to(3000, 0)
    if not counts:
        for index, position in enumerate(drive.positions):
            drive.positions[index] = position._replace(odometer_m=0.0)
    outcome = _judged(_home(drive), (1500, 0), (2500, 0))
    assert {_state(outcome, number) for number in (1, 2)} <= {VisitState.probable, VisitState.no_data}
    assert outcome.of("missed_stop") == []


def test_a_stand_begins_where_the_wheels_stopped_even_if_the_place_is_believed_later() -> None:
    """A position stays behind, and jumps to the van as it arrives: the jump is believed when others agree, a minute later."""
    drive = Metered()
    drive.halt(60).to(1000, 0)
    for step in range(1, 15):
        drive.at_s += 10
        drive.fix(0.0, odometer_m=1000.0 + 100 * step)
    drive.x, drive.driven_m, drive.last = 2450.0, 2450.0, (2450.0, 0.0)
    drive.at_s += 10
    drive.fix(7.0)
    drive.x = 2500.0
    for later_s in (8, 9, 60, 20):
        drive.at_s += later_s
        drive.fix(0.0)
    plan = trip([stop(1, 2500, 0)], proofs=[proof(1, drive.at_s - 30, 2500, 0)])
    outcome = judged(world([plan]), _home(drive))
    assert _state(outcome, 1) is VisitState.serviced


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(500, 7800), st.floats(300, 3000), st.booleans()), min_size=1, max_size=3),
    st.booleans(),
)
def test_a_stop_that_was_served_is_never_missed_for_a_poor_sky_or_none(
    spells: list[tuple[float, float, bool]], has_door: bool
) -> None:
    places = [(1500.0 * n, 0.0) for n in (1, 2, 3, 4, 5)]
    shut, opened = ({"door_open": is_open} if has_door else {} for is_open in (False, True))
    drive = Metered().halt(60, **shut)
    for x, y in places:
        drive.to(x, y).halt(10, **shut).halt(180, **opened).halt(10, **shut)
    positions = []
    for position in _home(drive).positions:
        gone_m = position.odometer_m or 0.0
        spell = next((is_dark for begin, long, is_dark in spells if begin <= gone_m <= begin + long), None)
        more: dict[str, Any] = {} if spell is None else DARK if spell else POOR
        positions.append(position._replace(**more))
    drive.positions = positions
    outcome = _judged(drive, *places)
    assert [visit.stop_id for visit in outcome.visits.values() if visit.state is VisitState.missed] == []
    assert outcome.of("missed_stop") == []


def _silent(signed: Iterable[int], stops: Sequence[tuple[float, float]]) -> Outcome:
    """Silent for 20 min, in which it drove some 8 km on, by a way that served stops from the third on."""
    numbers = list(signed)
    proofs = [proof(n, 270 + 1150 * k / (len(numbers) + 1), *stops[n - 1]) for k, n in enumerate(numbers, 1)]
    van = Metered()
    van.halt(60).to(1000, 0).halt(100).away(1200).x = 7200
    van.driven_m += 2100.0
    plan = [stop(n, *place) for n, place in enumerate(stops, 1)]
    return judged(world([trip(plan, proofs=proofs)]), _home(van.fix(10.0)))


def test_what_was_signed_for_in_a_gap_tells_where_the_van_was() -> None:
    """It drove far enough for the stop behind it, were it not for where it was on the way."""
    stops = [(1000, 0), (1000, -900), (4000, 2300), (7000, 800)]
    assert _state(_silent((3, 4), stops), 2) == VisitState.missed
    assert _state(_silent((), stops), 2) in (VisitState.no_data, VisitState.probable)
    for number in (3, 4):
        assert _state(_silent((3, 4), stops), number) != VisitState.missed


def test_who_signs_for_all_that_it_serves_in_a_gap_did_not_serve_the_rest() -> None:
    stops = [(1000, 0), (1400, 100), *((x, 0) for x in range(2000, 8000, 1000))]
    assert _state(_silent((3, 4, 5, 6, 7, 8), stops), 2) == VisitState.missed
    assert _state(_silent((3, 4), stops), 2) in (VisitState.no_data, VisitState.probable)
    for number in range(3, 9):
        assert _state(_silent((3, 4, 5, 6, 7, 8), stops), number) != VisitState.missed
