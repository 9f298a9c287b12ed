"""The rules as a whole: faults, parameters, and worlds that cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import InvalidInputError
from domain.zones import ZoneKind
from geofence.engine import Engine
from geofence.parameters import Parameters, parse_parameters
from geofence.rows import to_us
from geofence.rulebook import CATALOGUE, RULES
from tests.geofence.scene import PLAIN, START, Drive, circle, judged, round_zone, rows_of, stop, trip, world


def test_a_rule_that_raises_harms_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    rule = next(rule for rule in RULES if rule.name == "overspeed")
    broken = replace(rule, on=dict.fromkeys(rule.on, break_down))
    monkeypatch.setattr("geofence.engine.RULES", tuple(broken if one is rule else one for one in RULES))
    drive = Drive().halt(60).to(3000, 0, mps=30, every_s=5).halt(900)
    engine = Engine(PLAIN)
    conclusions = engine.advance(rows_of(drive))
    assert {event.rule for event in conclusions.events} == {"unscheduled_stop"}
    assert engine.faults == {"overspeed": 2}
    assert conclusions.faults[0].rule == "overspeed"


def test_parameters_change_what_is_told_by_route_and_organisation() -> None:
    drive = Drive().halt(60).to(3000, 0).halt(400).to(4000, 0)
    scene = replace(PLAIN, trips=(replace(PLAIN.trips[0], route_id="north"),), organisations={1: 12})
    for text in ("[unscheduled_stop]\nleast_s = 300", "[route.north.unscheduled_stop]\nleast_s = 300"):
        assert judged(scene, drive, parameters=parse_parameters(text)).rules() == {"unscheduled_stop"}
    other = parse_parameters("[organisation.13.unscheduled_stop]\nleast_s = 300")
    assert judged(scene, drive, parameters=other).rules() == set()
    with pytest.raises(InvalidInputError, match=r"unscheduled_stop\.least_s"):
        Engine(scene, Parameters({"unscheduled_stop.least_s": 1.0}))


def test_every_parameter_has_a_sentence_and_a_default_in_its_range() -> None:
    for parameter in CATALOGUE.values():
        assert parameter.low <= parameter.default <= parameter.high, parameter.name
        assert len(parameter.explanation) > 10
        assert parameter.unit


def test_impossible_worlds_and_rows_are_refused() -> None:
    one = trip([stop(1, 1000, 0)])
    with pytest.raises(InvalidInputError, match=r"trips\.1\.planned_start"):
        Engine(world([one, replace(one, trip_id="t2")]))
    with pytest.raises(InvalidInputError, match=r"trips\.0\.depot\.radius_m"):
        world([replace(one, depot=circle(0, 0, 0.0))])
    with pytest.raises(InvalidInputError, match="zones"):
        Engine(world(zones=[round_zone("z", 0, 0, -1.0, ZoneKind.red)]))
    engine = Engine(PLAIN)
    rows = rows_of(Drive().halt(60))
    engine.advance(rows)
    with pytest.raises(InvalidInputError, match="frontier"):
        engine.advance(rows)
    assert engine.frontier_us(1) == to_us(START) + 63_000_000
