"""Planned stops: dwell, windows, order, and what was signed for."""

from __future__ import annotations

import pytest

from domain.events import VisitState
from domain.zones import ZoneKind
from tests.geofence.scene import PLAIN, START, Drive, at, judged, proof, round_zone, stop, trip, world


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


def test_a_signature_in_the_depot_after_the_trip_is_a_ghost_of_that_trip() -> None:
    stops = [stop(1, 2000, 0), stop(2, 5000, 0)]
    drive = Drive().halt(60).to(5000, 0).halt(200).to(9900, 0, mps=6).to(0, 0)
    home_s = drive.at_s
    proofs = (proof(1, home_s + 900, 0, 0), proof(2, 650, 5000, 0))
    scene = world([trip(stops, proofs=proofs, planned_end=START + at(home_s - 60))])
    out = judged(scene, drive.halt(2000, ignition=False))
    for rule in ("ghost_delivery", "pod_away"):
        (event,) = out.of(rule)
        assert (event.trip_id, event.stop_id, event.started_at) == ("t1", "s1", START + at(home_s + 900))
    served = (proof(1, 250, 2000, 0), proof(2, home_s + 900, 0, 0))
    drive = Drive().halt(60).to(2000, 0).halt(200).to(5000, 0).halt(200).to(9900, 0, mps=6).to(0, 0)
    scene = world([trip(stops, proofs=served, planned_end=START + at(home_s - 60))])
    out = judged(scene, drive.halt(2000, ignition=False))
    assert (out.of("ghost_delivery"), [event.stop_id for event in out.of("pod_away")]) == ([], ["s2"])


@pytest.mark.parametrize("engine_on_first", [True, False])
def test_waiting_in_a_jam_before_the_door_or_behind_it_is_no_dwell(*, engine_on_first: bool) -> None:
    """It rolls on by less than a car's length, once, and is served at only one of both places."""
    scene = world([trip([stop(1, 2000, 0)])])

    def wait(drive: Drive) -> Drive:
        return drive.halt(1300, door_open=False)

    def serve(drive: Drive) -> Drive:
        return drive.halt(30, door_open=False, ignition=False).halt(150, door_open=True, ignition=False)

    def roll(drive: Drive) -> Drive:
        x, odometer_m = drive.x + 9, drive.always["odometer_m"] + 9
        drive.always["odometer_m"] = odometer_m
        return drive.to(x, 0, mps=1.5, door_open=False)

    drive = Drive()
    drive.always |= {"odometer_m": 0.0, "door_open": False}
    drive.halt(60)
    drive.always["odometer_m"] = 1990.0
    drive.to(1990, 0)
    first, then = (wait, serve) if engine_on_first else (serve, wait)
    then(roll(first(drive)))
    assert judged(scene, drive).of("long_dwell") == []
    stays = serve(roll(drive.halt(1300, ignition=False, door_open=False)))
    assert [event.stop_id for event in judged(scene, stays).of("long_dwell")] == ["s1"]


def test_what_it_waits_after_a_stand_that_was_signed_for_is_no_dwell() -> None:
    """The wheels and the signature told of the service before any second fix in the circle did."""
    scene = world([trip([stop(1, 2000, 0)], proofs=(proof(1, 320, 2000, 3),))])
    drive = Drive()
    drive.always |= {"odometer_m": 0.0, "door_open": False}
    drive.halt(60)
    drive.always["odometer_m"] = 1990.0
    drive.to(1990, 0).halt(75, every_s=75, ignition=False)
    drive.always["odometer_m"] = 2010.0
    drive.to(2010, 0, mps=2).halt(1300)
    drive.always["odometer_m"] = 4000.0
    out = judged(scene, drive.to(4000, 0))
    assert out.visits["s1"].state == VisitState.serviced
    assert out.of("long_dwell") == []
