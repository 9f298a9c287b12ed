from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from domain.errors import InvalidInputError
from domain.events import Severity, VisitState
from domain.zones import ZoneKind
from geofence.engine import Engine
from geofence.grading import DEGRADED, GOOD, GRADES, REASONS, REJECTED, SUSPECT
from geofence.parameters import Parameters, parse_parameters
from geofence.rows import to_us
from geofence.rulebook import CATALOGUE, RULES
from tests.geofence.scene import START, Drive, circle, judged, proof, round_zone, rows_of, stop, trip, world

PLAIN = world([trip([stop(1, 9000, 0)])])


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_halt_where_nobody_halts_is_told_after_ten_minutes_and_ends() -> None:
    drive = Drive().halt(60).to(3000, 0)
    began = drive.at_s
    drive.halt(900).to(5000, 0)
    (event,) = judged(PLAIN, drive).of("unscheduled_stop")
    assert abs((event.started_at - START).total_seconds() - began) <= 10
    assert 600 <= (event.detected_at - event.started_at).total_seconds() <= 640
    assert event.ended_at is not None
    assert abs((event.ended_at - START).total_seconds() - began - 903) <= 10
    assert event.severity == Severity.medium


@pytest.mark.parametrize("kind", [ZoneKind.parking, ZoneKind.fuel, ZoneKind.rest])
def test_an_allowed_place_may_be_halted_at(kind: ZoneKind) -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 60, kind),))
    assert judged(scene, Drive().halt(60).to(3000, 0).halt(900).to(5000, 0)).rules() == set()


def test_a_red_zone_is_told_after_five_minutes_and_matters_more() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 60, ZoneKind.red),))
    (event,) = judged(scene, Drive().halt(60).to(3000, 0).halt(400).to(5000, 0)).of("unscheduled_stop")
    assert event.severity == Severity.high
    assert event.facts["red_zone_id"] == "z"


def test_a_zone_that_is_no_longer_valid_allows_nothing() -> None:
    gone = round_zone("z", 3000, 0, 60, ZoneKind.parking, valid_until=START)
    assert judged(replace(PLAIN, zones=(gone,)), Drive().halt(60).to(3000, 0).halt(900)).rules() == {"unscheduled_stop"}


def test_three_vans_that_halt_together_stand_in_traffic() -> None:
    names = ("a", "b", "c")
    trips = [trip([stop(1, 9000, 0)], trip_id=name, device_id=name) for name in names]
    drives = [Drive(device=name).halt(60 + 20 * k).to(3000 + 40 * k, 0).halt(900) for k, name in enumerate(names)]
    for some, expected in ((3, 0), (2, 2)):
        scene, chosen = world(trips[:some], devices=names[:some]), drives[:some]
        assert len(judged(scene, *chosen, devices=names[:some]).of("unscheduled_stop")) == expected


def test_a_deviation_opens_grows_closes_and_opens_again() -> None:
    drive = Drive().halt(60).to(2000, 0).to(2000, 1500).to(4000, 1500).to(4000, 0).to(5000, 0)
    drive.to(5000, 600).to(7500, 600).to(7500, 0).to(9000, 0)
    first, second = judged(PLAIN, drive).of("route_deviation")
    assert first.severity == Severity.high
    assert abs(first.facts["peak_m"] - 1500) < 30
    assert abs(first.facts["extra_m"] - 3000) < 400
    assert first.ended_at is not None
    assert second.started_at > first.ended_at
    assert second.severity == Severity.medium
    assert abs(second.facts["peak_m"] - 600) < 30


def test_noise_along_the_corridor_is_no_deviation() -> None:
    drive, noise = Drive().halt(60), np.random.default_rng(3)
    for x in range(100, 8000, 100):
        drive.to(float(x), float(noise.normal(0, 60)))
    assert judged(PLAIN, drive).of("route_deviation") == []


def test_a_return_leg_along_the_way_out_does_not_capture_the_progress() -> None:
    stops = [stop(1, 3000, 0), stop(2, 9000, 0)]
    drive = Drive().halt(60).to(3000, 0).halt(200).to(9000, 0).halt(200).to(9900, 0).to(0, 0).halt(120)
    out = judged(world([trip(stops)]), drive)
    assert out.rules() == set()
    assert out.conclusions.counts["trip_off"] == 1


def test_a_loop_for_many_kilometres_is_a_detour() -> None:
    stops = [stop(1, 1000, 0), stop(2, 3000, 0)]
    drive = Drive().halt(60).to(1000, 0).halt(200).to(1000, 3000).to(3000, 3000).to(3000, 0).halt(200)
    (event,) = judged(world([trip(stops)]), drive).of("detour")
    assert event.facts["leg_driven_m"] > 1.3 * event.facts["leg_planned_m"]


def test_zones_are_entered_once_and_left_once_whatever_the_noise() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 300, ZoneKind.territory),))
    drive = Drive().halt(60).to(2700, 0)
    for step in range(60):
        drive.at_s += 10
        drive.x = 2700 + 15 * (-1) ** step
        drive.fix(1.0)
    out = judged(scene, drive.to(3300, 0).to(4500, 0))
    assert [event.rule for event in out.events if event.rule.startswith("zone")] == ["zone_enter", "zone_exit"]


def test_poor_accuracy_never_flips_a_zone() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 100, ZoneKind.territory),))
    drive = Drive().halt(60).to(3000, 0).halt(60)
    drive.x = 3600
    for _ in range(20):
        drive.at_s += 20
        drive.fix(0.0, accuracy_m=400.0)
    out = judged(scene, drive)
    assert {event.rule for event in out.events} == {"zone_enter"}
    assert set(out.conclusions.grades.tolist()) == {GOOD, DEGRADED}


@pytest.mark.parametrize(
    ("fields", "grade", "reason"),
    [
        ({}, "good", ""),
        ({"fix_valid": False}, "rejected", "invalid_flag"),
        ({"longitude_deg": 0.0, "latitude_deg": 0.0}, "rejected", "null_island"),
        ({"latitude_deg": 91.0}, "rejected", "out_of_range"),
        ({"latitude_deg": None}, "rejected", "no_position"),
        ({"satellites": 3}, "degraded", "few_satellites"),
        ({"satellites": 4}, "good", ""),
        ({"hdop": 4.1}, "degraded", "high_hdop"),
        ({"accuracy_m": 76.0}, "degraded", "poor_accuracy"),
        ({"accuracy_m": None, "satellites": None, "hdop": None}, "good", ""),
    ],
)
def test_fixes_are_graded_by_what_they_say(fields: dict[str, object], grade: str, reason: str) -> None:
    conclusions = judged(PLAIN, Drive().fix(0.0, **fields)).conclusions
    assert GRADES[conclusions.grades[0]] == grade
    assert REASONS[conclusions.reasons[0]] == reason


def test_a_wild_fix_moves_nothing_and_three_that_agree_with_it_do() -> None:
    drive = Drive().halt(60).to(1000, 0)
    drive.at_s += 5
    drive.fix(10.0, latitude_deg=14.0)
    drive.to(1300, 0)
    grades = judged(PLAIN, drive).conclusions.grades
    assert (grades == SUSPECT).sum() == 1
    assert (grades == REJECTED).sum() == 0
    far = Drive().halt(60)
    far.x = 50_000
    for _ in range(4):
        far.at_s += 5
        far.fix(0.0)
    assert judged(PLAIN, far).conclusions.grades[-4:].tolist() == [SUSPECT, SUSPECT, SUSPECT, GOOD]


def test_speeding_needs_time_and_fixes() -> None:
    quick = Drive().halt(60).to(1000, 0, mps=28, every_s=12).to(2000, 0)
    long = Drive().halt(60).to(3000, 0, mps=30, every_s=5).to(4000, 0)
    assert judged(PLAIN, Drive().halt(60).to(300, 0, mps=28, every_s=5).to(900, 0)).of("overspeed") == []
    (event,) = judged(PLAIN, long).of("overspeed")
    assert event.ended_at is not None
    assert event.facts["peak_mps"] == 30
    assert len(judged(PLAIN, quick).of("overspeed")) == 1


def test_a_zone_may_have_a_lower_limit() -> None:
    scene = replace(PLAIN, zones=(round_zone("school", 2000, 0, 600, ZoneKind.speed, speed_limit_mps=5.0),))
    (event,) = judged(scene, Drive().halt(60).to(4000, 0, mps=10, every_s=5)).of("overspeed")
    assert event.facts["zone_id"] == "school"


def test_hard_braking_is_told_by_speeds_and_by_the_device() -> None:
    braked = Drive().halt(60).to(100, 0, mps=5, every_s=2).to(500, 0, mps=10, every_s=2)
    braked.at_s += 1
    assert [e.facts["kind"] for e in judged(PLAIN, braked.fix(5.0)).of("harsh_driving")] == ["harsh_braking"]
    told = Drive().halt(60).to(500, 0).fix(10.0, alarms=("harsh_cornering",))
    told.positions[-1] = told.positions[-1]._replace(fix_time=START + at(told.at_s + 3))
    assert [e.facts["kind"] for e in judged(PLAIN, told).of("harsh_driving")] == ["harsh_cornering"]


def test_an_open_door_while_driving_is_told_unless_it_never_closes() -> None:
    closed_once = Drive().halt(60, door_open=False).to(600, 0, door_open=True)
    always = Drive().halt(60, door_open=True).to(600, 0, door_open=True)
    assert len(judged(PLAIN, closed_once).of("door_open_moving")) == 1
    assert judged(PLAIN, always).of("door_open_moving") == []


def test_without_a_fix_the_odometer_says_that_it_drives_with_the_door_open() -> None:
    def drive(metres_a_step: float) -> Drive:
        one = Drive().halt(60, door_open=False, odometer_m=0.0).halt(30, door_open=True, odometer_m=0.0)
        for step in range(1, 13):
            one.at_s += 10.0
            one.fix(None, fix_valid=False, door_open=True, odometer_m=metres_a_step * step)
        return one

    [event] = judged(PLAIN, drive(80.0)).of("door_open_moving")
    assert event.started_at == START + timedelta(seconds=106)
    assert judged(PLAIN, drive(20.0)).of("door_open_moving") == []


def test_unloading_where_nothing_is_to_be_delivered() -> None:
    drive = Drive().halt(60, door_open=False).to(3000, 0, door_open=False).halt(60, door_open=False)
    drive.halt(120, every_s=10, door_open=True).halt(60, door_open=False).to(4000, 0, door_open=False)
    (event,) = judged(PLAIN, drive).of("unscheduled_unloading")
    assert event.severity == Severity.high
    at_a_stop = Drive().halt(60, door_open=False).to(9000, 0, door_open=False).halt(200, every_s=10, door_open=True)
    assert judged(PLAIN, at_a_stop).of("unscheduled_unloading") == []


def test_a_load_that_gets_lighter_on_the_way() -> None:
    drive = Drive().halt(120, cargo_kg=1000.0).to(3000, 0, cargo_kg=1010.0).halt(120, every_s=10, cargo_kg=1000.0)
    drive.halt(120, every_s=10, cargo_kg=900.0).to(4000, 0, cargo_kg=905.0)
    (event,) = judged(PLAIN, drive).of("cargo_weight_drop")
    assert event.facts["lost_kg"] == 100
    assert event.severity == Severity.critical


def test_a_load_that_comes_back_was_not_lost() -> None:
    drive = Drive().halt(120, cargo_kg=1000.0).to(3000, 0).halt(120, every_s=10, cargo_kg=1000.0)
    drive.halt(60, every_s=10, cargo_kg=900.0).halt(120, every_s=10, cargo_kg=1000.0).to(4000, 0)
    assert judged(PLAIN, drive).of("cargo_weight_drop") == []


def test_fuel_that_goes_while_standing() -> None:
    drive = Drive().halt(600, fuel_l=50.0, ignition=False).halt(600, fuel_l=40.0, ignition=False)
    (event,) = judged(PLAIN, drive).of("fuel_drop")
    assert event.facts["lost_l"] == 10
    slosh = Drive().halt(600, fuel_l=50.0, ignition=False).halt(60, fuel_l=40.0, ignition=False)
    assert judged(PLAIN, slosh.halt(600, fuel_l=50.0, ignition=False)).of("fuel_drop") == []


def test_silence_on_a_trip_is_told_when_it_is_due_and_ends_with_the_next_word() -> None:
    drive = Drive().halt(60).to(3000, 0)
    silent_from = drive.at_s
    (going_on,) = judged(PLAIN, drive, until_s=silent_from + 700).of("silent_device")
    assert going_on.ended_at is None
    (over,) = judged(PLAIN, drive.away(1800).fix(5.0)).of("silent_device")
    assert over.event_id == going_on.event_id
    assert over.detected_at == going_on.detected_at == START + at(round(silent_from + 600, 6))
    assert over.ended_at == START + at(silent_from + 1800)
    assert judged(PLAIN, Drive().halt(60), until_s=1000).of("silent_device") == []  # below the depot's roof


def test_a_tracker_that_reports_while_parked_is_not_asleep_when_it_falls_silent() -> None:
    """Asleep is what has been seen to say nothing when parked, or nothing is known of."""
    parked = {"ignition": False, "odometer_m": 3000.0}
    unknown = Drive().halt(60).to(3000, 0, odometer_m=3000.0).halt(120, **parked).away(1800).fix(0.0, **parked)
    assert judged(PLAIN, unknown).of("silent_device") == []
    wakeful = Drive().halt(3000, ignition=False).halt(60).to(3000, 0, odometer_m=3000.0).halt(120, **parked)
    (event,) = judged(PLAIN, wakeful.away(1800).fix(0.0, **parked)).of("silent_device")
    assert event.ended_at is not None


def test_wheels_that_did_not_turn_stood_though_nobody_saw_it() -> None:
    drive = Drive().halt(60).to(3000, 0).halt(200, odometer_m=3000.0).away(500).halt(60, odometer_m=3000.0)
    assert len(judged(PLAIN, drive.to(4000, 0, odometer_m=4000.0)).of("unscheduled_stop")) == 1
    left = Drive().halt(60).to(3000, 0).halt(200, odometer_m=3000.0).away(500).halt(60, odometer_m=3090.0)
    assert judged(PLAIN, left.to(4000, 0, odometer_m=4090.0)).of("unscheduled_stop") == []


def test_fixes_that_fail_while_the_wheels_turn() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for minute in range(1, 8):
        drive.at_s += 60
        drive.fix(8.0, fix_valid=False, odometer_m=1000.0 + 480 * minute)
    drive.x = 4000
    drive.at_s += 30
    (event,) = judged(PLAIN, drive.fix(8.0, odometer_m=4600.0)).of("gps_loss")
    assert event.ended_at == START + at(drive.at_s)


def test_a_known_hole_excuses_fixes_that_fail_for_as_long_as_a_hole_may_be() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for minute in range(1, 13):
        drive.at_s += 60
        drive.fix(4.0, fix_valid=False, odometer_m=1000.0 + 240 * minute)
    hole = replace(PLAIN, zones=(round_zone("hole", 1000, 0, 350, ZoneKind.dead),))
    (seen,), (hidden,) = judged(PLAIN, drive).of("gps_loss"), judged(hole, drive).of("gps_loss")
    assert (hidden.started_at, hidden.detected_at - seen.detected_at) == (seen.started_at, timedelta(minutes=3))


def test_a_position_that_stays_while_the_odometer_runs() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for step in range(1, 15):
        drive.at_s += 10
        drive.fix(10.0, odometer_m=1000.0 + 100 * step)
    assert len(judged(PLAIN, drive).of("spoofed_position")) == 1


def test_a_supply_that_fails_and_what_the_device_says_itself() -> None:
    drive = Drive().halt(60, external_v=13.0).to(1000, 0, external_v=13.0).to(2000, 0, external_v=2.0)
    out = judged(PLAIN, drive.to(2500, 0, external_v=13.0, alarms=("tamper", "jamming")))
    assert out.rules() == {"power_cut", "tamper", "jamming"}
    cranking = Drive().halt(60, external_v=13.0).fix(0.0, external_v=5.0)
    cranking.at_s += 8
    assert judged(PLAIN, cranking.fix(0.0, external_v=13.0)).of("power_cut") == []


def test_moving_at_night_and_being_towed() -> None:
    night_s = 13.5 * 3600  # 19:30 UTC is past midnight at this longitude
    drive = Drive(at_s=night_s).halt(600, ignition=False).to(2000, 0, ignition=False).halt(300, ignition=False)
    out = judged(world(), drive)
    assert out.rules() == {"night_movement", "towed"}
    by_day = Drive(at_s=0).halt(600).to(2000, 0).halt(300)
    assert judged(world(), by_day).rules() == set()


def test_ignition_at_night() -> None:
    drive = Drive(at_s=13.5 * 3600).halt(120, ignition=False).halt(600, ignition=True).halt(120, ignition=False)
    (event,) = judged(world(), drive).of("off_hours_ignition")
    assert event.ended_at is not None


def test_standing_too_long_at_a_stop() -> None:
    scene = world([trip([stop(1, 2000, 0)])])
    (event,) = judged(scene, Drive().halt(60).to(2000, 0).halt(2000).to(4000, 0)).of("long_dwell")
    assert event.stop_id == "s1"
    assert judged(scene, Drive().halt(60).to(2000, 0).halt(1000).to(4000, 0)).of("long_dwell") == []
    waits = world([trip([stop(1, 2000, 0, window_start=START + at(2000))])])
    assert judged(waits, Drive().halt(60).to(2000, 0).halt(2000).to(4000, 0)).of("long_dwell") == []


def test_a_long_service_from_next_door_is_a_long_dwell_and_no_unloading_elsewhere() -> None:
    """There was no room before the shop, and it was signed for only when all was done."""
    signed = world([trip([stop(1, 9000, 0)], proofs=(proof(1, 3500, 9000, 0),))])
    drive = Drive().halt(60, door_open=False).to(8900, 0, door_open=False).halt(60, door_open=False)
    drive.halt(120, door_open=True).halt(2200, door_open=False)
    assert len(judged(signed, drive).of("unscheduled_unloading")) == 1  # not yet
    out = judged(signed, drive.halt(300, door_open=False).to(12_000, 0, door_open=False))
    assert out.visits["s1"].state == VisitState.serviced
    assert out.of("unscheduled_unloading") == []
    assert [event.stop_id for event in out.of("long_dwell")] == ["s1"]


def test_a_rest_in_a_place_for_it_beside_the_shop_is_no_dwell_at_the_shop() -> None:
    def rest(x: float) -> Drive:
        drive = Drive().halt(60).to(9000, 0, odometer_m=9000.0).halt(200, odometer_m=9000.0)
        drive.x, drive.at_s = x, drive.at_s + 10
        return drive.halt(1800, odometer_m=9030.0).to(9400, 0, odometer_m=9400.0)

    place = world([trip([stop(1, 9000, 0)])], [round_zone("inn", 9060, 0, 30, ZoneKind.rest)])
    assert judged(place, rest(9035)).of("long_dwell") == []
    assert len(judged(PLAIN, rest(9035)).of("long_dwell")) == 1


@pytest.mark.parametrize(("opens", "closes", "kind"), [(3600, 7200, "early"), (-7200, -3600, "late")])
def test_arriving_outside_the_window(opens: float, closes: float, kind: str) -> None:
    scene = world([trip([stop(1, 2000, 0, window_start=START + at(opens), window_end=START + at(closes))])])
    (event,) = judged(scene, Drive().halt(60).to(2000, 0).halt(200)).of("early_or_late")
    assert event.facts["kind"] == kind


def test_another_order_than_planned() -> None:
    stops = [stop(n, 1000 * n, 0) for n in range(1, 6)]
    drive = Drive().halt(60)
    for x in (3000, 4000, 5000, 1000, 2000):
        drive.to(x, 0).halt(150)
    out = judged(world([trip(stops)]), drive)
    (event,) = out.of("out_of_sequence")
    assert event.facts["stop_ids"] == ["s1", "s2"]
    assert out.visits["s1"].state == VisitState.out_of_sequence
    assert out.visits["s4"].state == VisitState.serviced


def test_a_signature_without_a_visit_is_a_ghost() -> None:
    stops = [stop(1, 2000, 0), stop(2, 5000, 0)]
    scene = world([trip(stops, proofs=(proof(1, 400, 4000, 0), proof(2, 650, 5000, 0)))])
    drive = Drive().halt(60).to(5000, 0).halt(200).to(9900, 0, mps=6).to(0, 0)
    out = judged(scene, drive)
    (ghost,) = out.of("ghost_delivery")
    (away,) = out.of("pod_away")
    assert ghost.stop_id == away.stop_id == "s1"
    assert ghost.started_at == START + at(400)


def test_a_visit_too_short_for_its_cases_is_a_ghost() -> None:
    scene = world([trip([stop(1, 2000, 0, cases=80.0, planned_service_s=None)], proofs=(proof(1, 300, 2000, 0),))])
    short = Drive().halt(60).to(2000, 0).halt(50, every_s=10).to(4000, 0)
    assert judged(scene, short).of("ghost_delivery") == []  # not even served
    scene = world([trip([stop(1, 2000, 0, cases=80.0, planned_service_s=100.0)], proofs=(proof(1, 300, 2000, 0),))])
    (ghost,) = judged(scene, short).of("ghost_delivery")
    assert ghost.facts["why"] == "short_visit"


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
