"""One reading after another: duration, silence, cool-down, hours, subjects, and the same events however it is cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.events import Event, Severity
from domain.zones import OpenHours
from own_rules.definition import Definition, check, members, read_definition
from own_rules.facts import Around, Mounting, PlannedTrip
from own_rules.judging import ActiveRule
from own_rules.language import compile_expression
from own_rules.vocabulary import Series
from own_rules.watching import Costs, Memory, dump, load, watch

DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HERE = {"longitude_e7": 775_946_000, "latitude_e7": 129_716_000}


def rule(expression: str = "door_open", until: datetime | None = None, name: str = "door", **changes: Any) -> ActiveRule:
    definition = Definition("Door", Series.position, expression, **{"cool_down_s": 0.0, **changes})
    return ActiveRule(name, 1, definition, compile_expression(expression, Series.position), DAY, until)


def row(minutes: float, **said: Any) -> dict[str, Any]:
    return {**HERE, "at": DAY + minutes * MINUTE, "probes_c": None, "alarms": None, **said}


def doors(*states: bool | None) -> list[dict[str, Any]]:
    return [row(number, door_open=state) for number, state in enumerate(states)]


def told(
    rules: Sequence[ActiveRule], rows: Sequence[dict[str, Any]], around: Around | None = None, costs: Costs | None = None
) -> list[tuple[float, float | None, float]]:
    """Begin, end and decision of the events, in minutes."""
    events = watch((1, "van-1"), rules, rows, around or Around(UTC), Memory(), {} if costs is None else costs)
    return [(_minute(event.started_at), _minute(event.ended_at), _minute(event.detected_at)) for event in events.values()]


def _minute(at: datetime | None) -> Any:
    return None if at is None else (at - DAY) / MINUTE


def test_it_holds_after_its_time_and_ends_with_the_first_reading_that_says_no() -> None:
    rows = doors(False, True, True, True, True, False, True)
    assert told([rule(for_s=120)], rows) == [(1, 5, 3)]
    assert told([rule()], rows) == [(1, 5, 1), (6, None, 6)]


def test_what_is_not_known_changes_nothing() -> None:
    assert told([rule(for_s=120)], doors(True, None, True, None, False)) == [(0, 4, 2)]
    assert told([rule(for_s=120)], doors(None, None, None)) == []


def test_a_silence_says_nothing_about_the_time_between() -> None:
    assert told([rule(for_s=600, silence_s=900)], [row(0, door_open=True), row(60, door_open=True)]) == []
    assert told([rule(for_s=600, silence_s=3600)], [row(0, door_open=True), row(60, door_open=True)]) == [(0, None, 60)]


def test_after_an_event_it_is_quiet_for_a_while() -> None:
    rows = doors(True, False, True, False, False, False, True)
    assert told([rule(cool_down_s=180)], rows) == [(0, 1, 0), (6, None, 6)]


def test_only_in_its_hours_by_the_clock_of_the_organisation() -> None:
    from zoneinfo import ZoneInfo

    kolkata = Around(ZoneInfo("Asia/Kolkata"))  # 06:00 UTC is 11:30 there
    noon = (OpenHours(0, time(11, 32), time(11, 34)),)
    assert told([rule(hours=noon)], doors(True, True, True, True, True, True), kolkata) == [(2, 4, 2)]
    assert told([rule(hours=(OpenHours(1, time(11, 0), time(12, 0)),))], doors(True, True), kolkata) == []
    over_night = (OpenHours(6, time(23, 0), time(12, 0)),)  # Sunday evening until Monday noon
    assert told([rule(hours=over_night)], doors(True), kolkata) == [(0, None, 0)]


def test_only_about_its_subjects_by_device_or_vehicle_of_that_moment() -> None:
    mounted = Around(UTC, mountings={1: [Mounting("KA-7", None, DAY + 2 * MINUTE)]})
    assert told([rule(subjects=("KA-7",))], doors(True, True, True), mounted) == [(0, 2, 0)]
    assert told([rule(subjects=("van-1",))], doors(True)) == [(0, None, 0)]
    assert told([rule(subjects=("van-2",))], doors(True)) == []


def test_switched_off_it_ends_what_it_told() -> None:
    off = DAY + 90 * timedelta(seconds=1)
    assert told([rule(until=off)], doors(True, True, True, True)) == [(0, 1.5, 0)]


def test_facts_of_trips_and_of_standing() -> None:
    trip = Around(UTC, trips={1: [PlannedTrip("T-1", DAY + 2 * MINUTE, DAY + 4 * MINUTE)]})
    rows = [row(number, speed_mps=0.0 if number < 5 else 8.0) for number in range(8)]
    assert told([rule("trip_state == 'early'")], rows, trip) == [(0, 2, 0)]
    assert told([rule("trip == 'T-1' && minutes_into_trip >= 1.0")], rows, trip) == [(3, None, 3)]
    assert told([rule("minutes_standing >= 3.0")], rows) == [(3, 5, 3)]
    assert told([rule("minutes_since_stop >= 2.0")], rows) == [(6, None, 6)]
    events = watch((1, "van-1"), [rule("trip_state == 'running'")], rows, trip, Memory(), {})
    (event,) = events.values()
    assert (event.trip_id, event.rule, event.facts["longitude_deg"]) == ("T-1", "own_door", 77.5946)


def test_a_fault_is_counted_and_stops_nobody() -> None:
    costs: Costs = {}
    broken = ActiveRule("broken", 1, rule().definition, compile_expression("1 / int(speed_mps) > 0", Series.position), DAY)
    assert told([broken, rule()], [row(0, door_open=True, speed_mps=0.0)], costs=costs) == [(0, None, 0)]
    assert dict(costs["broken"].faults) == {"INVALID_ARGUMENT: divide by zero": 1}
    assert costs["door"].evaluations == 1


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("for_s", {"for_s": -1.0}),
        ("silence_s", {"silence_s": 1.0}),
        ("cool_down_s", {"cool_down_s": 1e9}),
        ("subjects", {"subjects": tuple(str(number) for number in range(2000))}),
        ("expression", {"expression": "door"}),
    ],
)
def test_what_cannot_be_a_rule_is_refused(field: str, changes: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"name": "Door", "series": Series.position, "expression": "door_open"}
    with pytest.raises(InvalidInputError) as refused:
        check(Definition(**plain | changes))
    assert refused.value.field == field


def test_a_definition_comes_back_as_it_was_kept() -> None:
    hours = (OpenHours(0, time(22, 0), time(5, 30)),)
    definition = Definition("Night", Series.sensor, "door_open", Severity.high, 60, 120, 30, hours, ("a", "b"))
    assert read_definition(json.loads(json.dumps(members(definition)))) == definition


_STATES = st.lists(st.tuples(st.integers(1, 20), st.sampled_from([True, False, None])), min_size=1, max_size=40)


@given(_STATES, st.lists(st.integers(0, 40), max_size=5), st.integers(0, 20), st.integers(0, 30))
def test_however_readings_are_cut_and_memory_is_kept_the_events_are_the_same(
    gaps: list[tuple[int, bool | None]], cuts: list[int], for_min: int, cool_min: int
) -> None:
    rows, minutes = [], 0
    for gap, state in gaps:
        minutes += gap
        rows.append(row(minutes, door_open=state, speed_mps=1.0 if state else 0.0))
    rules = [rule(for_s=for_min * 60.0, cool_down_s=cool_min * 60.0), rule("minutes_standing > 5.0", name="stands")]
    whole = watch((1, "van-1"), rules, rows, Around(UTC), Memory(), {})
    parts: dict[str, Event] = {}
    memory = Memory()
    for low, high in pairwise([0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]):
        memory = load(json.loads(json.dumps(dump(memory))), [one.key for one in rules])
        parts |= watch((1, "van-1"), rules, rows[low:high], Around(UTC), memory, {})
    assert parts == whole


@given(_STATES)
def test_every_event_held_throughout_its_time(gaps: list[tuple[int, bool | None]]) -> None:
    """Against the definition, reading by reading."""
    rows, minutes = [], 0
    for gap, state in gaps:
        minutes += gap
        rows.append(row(minutes, door_open=state))
    for begin, over, decided in told([rule(for_s=600, silence_s=900)], rows):
        known = [(_minute(one["at"]), one["door_open"]) for one in rows if one["door_open"] is not None]
        between = [at for at, state in known if begin <= at <= decided and state]
        assert decided - begin >= 10
        assert [at for at, _ in known if begin <= at <= decided] == between
        assert all(b - a <= 15 for a, b in pairwise(between))
        assert over is None or (over, False) in known
