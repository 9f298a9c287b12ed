"""The engine on the simulated morning: what was put into it is found, and hardly anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.detection import concluded, near_incidents, rows_of
from benchmarks.detection_tables import tables
from domain.events import Event, Severity, Visit
from geofence.parameters import Parameters
from geofence.rows import rows_from_positions
from geofence.rulebook import JUDGED_ELSEWHERE, RULES
from simulators.incidents import TEMPTS
from simulators.scenario import load
from simulators.simulation import NearIncident, Simulation
from simulators.truth.scoring import Score, Tally, score
from simulators.world import generate


def test_rows_are_those_of_the_track_file(morning: Simulation) -> None:
    numbers = {key: number for number, key in enumerate(morning.devices, 1)}
    told = [fix._replace(seq=None, boot_id=None, buffered=None) for fix in morning.positions()]
    assert rows_of(morning).tobytes() == rows_from_positions(told, numbers).tobytes()


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_the_morning_is_judged_as_it_was(seed: int) -> None:
    world = generate(load("morning_run"), seed)
    conclusions = concluded(world, Parameters())
    found = score(world.truth, conclusions, world.vehicle_days)
    for rule in ("missed_stop", "unscheduled_stop"):
        tally = found.rules[rule]
        assert (tally.tp, tally.fn) == (1, 0), rule
        assert tally.fp <= 1, rule
    assert any(isinstance(one, Event) for one in conclusions)
    assert any(isinstance(one, Visit) for one in conclusions)
    right = found.document()["visits_right"]
    assert right is not None
    assert right > 0.98


def test_trackers_that_were_changed_are_followed() -> None:
    world = generate(load("tracker_swaps"), 44, vehicles=3)
    assert world.assignments
    found = score(world.truth, concluded(world, Parameters()), world.vehicle_days).document()
    assert (found["visits_right"], found["false_alarms_per_vehicle_day"]) == (1.0, 0.0)


def test_alarms_are_counted_where_something_tempted_them(morning: Simulation) -> None:
    day = morning.start.date()
    slope = NearIncident("slope", "van-1", day)
    world = replace(morning, nearly=(slope, NearIncident("slope", "van-2", day), NearIncident("hurry", "van-1", day)))
    event = Event("e", "fuel_drop", Severity.info, "van-1", None, None, morning.start, None, morning.start, 1.0)
    assert near_incidents(world, [event, replace(event, rule="detour"), replace(event, device_id="van-3")]) == {
        "slope": {"happened": 2, "alarms": 1},
        "hurry": {"happened": 1, "alarms": 0},
    }


def test_every_near_incident_tempts_rules_that_there_are() -> None:
    known = {*(rule.name for rule in RULES), *JUDGED_ELSEWHERE}
    assert all(rules and rules <= known for rules in TEMPTS.values())


def test_the_tables_say_what_the_document_does() -> None:
    one, other = Score(vehicle_days=3.0), Score(vehicle_days=1.0)
    one.rules["detour"] = Tally(3, 1, 0, [60.0, 120.0, 600.0])
    other.rules["towed"] = Tally(0, 0, 2)
    one.visits["serviced", "serviced"], other.visits["missed", "serviced"] = 3, 1
    total = Score()
    total.add(one)
    total.add(other)
    scenarios = {"backlog": {"7": one.document()}, "mixed": {"7": other.document()}}
    nearly = {"slope": {"happened": 7, "alarms": 1}}
    text = tables({"scenarios": scenarios, **total.document(), "near_incidents": nearly})
    assert "| `slope` | 7 | 1 |" in text
    assert "4 vehicle-days; false alarms per vehicle-day **0.2500**" in text
    assert "visits right **0.7500**" in text
    assert "| `detour` | 3 | 1 | 0 | 0.7500 | 1.0000 | 120 | 600 |" in text
    assert "| `towed` | 0 | 0 | 2 | - | 0.0000 | - | - |" in text
    assert "| backlog | 1 | 3 | 1.0000 | 0.7500 | 1.0000 | 0.3333 |" in text
    assert "| mixed | 1 | 1 | 0.0000 | - | 0.0000 | 0.0000 |" in text
