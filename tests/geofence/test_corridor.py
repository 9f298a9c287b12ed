"""Off the planned way: from where a van leaves its corridor until it is back, and metres against the plan's."""

from __future__ import annotations

import pytest

from domain.events import VisitState
from geofence.parameters import Parameters
from geofence.plan import compile_world
from tests.geofence.scene import Drive, judged, stop, trip, world


def test_a_deviation_that_ends_beside_a_stop_is_one() -> None:
    """It halts off its route, and the three hundredth metre brings it near to a stop, where none would begin."""
    drive = Drive().halt(60).to(3000, 0).to(3000, 310, mps=8).halt(300).to(3160, 310, mps=8).to(3160, 0, mps=8).to(9900, 0)
    outcome = judged(world([trip([stop(1, 3360, 280)])]), drive.to(0, 0, mps=20).halt(200))
    (event,) = outcome.of("route_deviation")
    assert event.ended_at is not None


def test_none_begins_beside_a_stop() -> None:
    drive = Drive().halt(60).to(3000, 0).to(3000, 310, mps=8).halt(300).to(3160, 310, mps=8).to(3160, 0, mps=8).to(9900, 0)
    outcome = judged(world([trip([stop(1, 3100, 310)])]), drive.to(0, 0, mps=20).halt(200))
    assert outcome.of("route_deviation") == []


def test_going_another_way_counts_from_the_edge_of_the_corridor() -> None:
    """More than a minute across the route's course, of which the first fix beyond the edge and the last show less."""
    drive = Drive().halt(60).to(3000, 0).to(3000, 350, mps=6).to(3000, 0, mps=6).to(9900, 0)
    assert len(judged(world([trip([])]), drive.to(0, 0, mps=20).halt(200)).of("route_deviation")) == 1


def test_back_on_another_pass_of_the_route_is_back() -> None:
    """The way out and the way home are 130 m apart: it comes back to the one while it is expected on the other."""
    route = ((0, 0), (10_000, 0), (10_000, 130), (0, 130))
    drive = Drive().halt(60).to(3000, 0).to(3000, -900).to(3600, -900).to(3600, 130).to(5000, 130)
    drive.to(5000, -900).to(6500, -900).to(6500, 0).to(10_000, 0).to(10_000, 130).to(0, 130, mps=20).halt(200)
    assert len(judged(world([trip([], route)]), drive).of("route_deviation")) == 2


def test_no_leg_is_planned_to_be_shorter_than_a_straight_line() -> None:
    """The route passes the second stop on its way out, and the van serves it on its way back, as planned."""
    route = ((0, 0), (5100, 0), (5100, 400), (0, 400), (0, 0))
    drive = Drive().halt(60).to(5000, 0).halt(200).to(5100, 0).to(5100, 400).to(1000, 400).to(1000, 20).halt(200)
    plan = trip([stop(1, 5000, 0), stop(2, 1000, 20)], route)
    outcome = judged(world([plan]), drive.to(1000, 400).to(0, 400).to(0, 0).halt(200))
    assert {visit.state for visit in outcome.visits.values()} == {VisitState.serviced}
    assert outcome.of("detour") == []


def test_a_stop_that_the_route_passes_early_may_be_reached_when_it_passes_again() -> None:
    """On the other side of a one-way street: planned as it is driven, some six kilometres after the first pass."""
    route = ((0, 0), (4000, 0), (4000, 50), (1200, 50), (1200, 400), (0, 400), (0, 0))
    drive = Drive().halt(60).to(1000, 0).halt(200).to(4000, 0).to(4000, 50).to(1200, 50).halt(200)
    drive.to(1200, 400).to(1000, 400).halt(200).to(0, 400).to(0, 0).halt(200)
    plan = trip([stop(1, 1000, 0), stop(2, 1200, 20), stop(3, 1000, 400)], route)
    outcome = judged(world([plan]), drive)
    assert {visit.state for visit in outcome.visits.values()} == {VisitState.serviced}
    assert outcome.of("detour") == []


def test_on_a_doubled_road_each_stop_lies_on_the_pass_that_keeps_the_order() -> None:
    """Up a road and back: the second stop is served on the way back, and lies on the way up just as near."""
    route = ((0, 0), (400, 0), (400, 480), (400, 0), (2000, 0), (0, 0))
    plan = trip([stop(1, 414, 470), stop(2, 414, 350)], route)
    along = [float(row["along_m"]) for row in compile_world(world([plan]), Parameters(), {"van": 0}, 1).arrays.stops]
    assert along == pytest.approx([870, 1010], abs=1)


def test_metres_under_a_poor_sky_count_by_the_odometer() -> None:
    """Four kilometres there and back under it, to end not far from where the last good fix was."""

    def drive_on(drive: Drive, x: float, **more: float) -> None:
        begun_m, start = drive.always["odometer_m"], drive.x
        while abs(drive.x - x) > 1.0:
            step = min(100.0, abs(x - drive.x)) * (1 if x > drive.x else -1)
            drive.always["odometer_m"] = begun_m + abs(drive.x + step - start)
            drive.to(drive.x + step, 0, **more)

    drive = Drive()
    drive.always["odometer_m"] = 1000.0
    drive.halt(60)
    drive_on(drive, 1000)
    drive.halt(200)
    for x in (3000, 1050):
        drive_on(drive, x, hdop=9.0, satellites=4)
    drive_on(drive, 1200)
    plan = trip([stop(1, 1000, 0), stop(2, 1200, 0)])
    (event,) = judged(world([plan]), drive.halt(200)).of("detour")
    assert event.facts["leg_driven_m"] == pytest.approx(4100, abs=60)


def _between_tall_buildings(thrown_m: float, *, rolls: bool) -> Drive:
    """Out and back as planned; every fifth fix, as good as the others by its own account, is thrown aside."""
    drive = Drive()
    drive.halt(60, odometer_m=5000.0)
    for step in range(1, 201):
        aside_m = thrown_m if step % 5 == 0 else 0.0
        driven_m = 100.0 * step
        drive.y, drive.x = aside_m, 10_000 - abs(10_000 - driven_m)
        drive.at_s += 10
        drive.fix(10.0, odometer_m=5000.0 + (driven_m if rolls else 0.0))
    return drive.halt(200, odometer_m=25_000.0 if rolls else 5000.0)


def test_what_reflections_add_is_not_driven() -> None:
    """Forty times aside and back by 160 m: eight kilometres for who goes by the fixes alone."""
    assert judged(world([trip([])]), _between_tall_buildings(160.0, rolls=True)).of("detour") == []


def test_an_odometer_that_stands_still_is_no_measure() -> None:
    """It never rolled, so that the places tell what was driven: five kilometres that the plan does not have."""
    plan = trip([], ((0, 0), (7000, 0), (0, 0)))
    (event,) = judged(world([plan]), _between_tall_buildings(0.0, rolls=False)).of("detour")
    assert event.facts["driven_m"] == pytest.approx(20_000, rel=0.03)


def test_an_odometer_that_fails_on_the_way_is_believed_no_longer() -> None:
    drive = _between_tall_buildings(0.0, rolls=True)
    drive.positions = [one._replace(odometer_m=min(one.odometer_m or 0.0, 7000.0)) for one in drive.positions]
    plan = trip([], ((0, 0), (7000, 0), (0, 0)))
    (event,) = judged(world([plan]), drive).of("detour")
    assert event.facts["driven_m"] == pytest.approx(20_000, rel=0.03)


def _into_a_tunnel_off_the_route(off_m: float, dark_s: int) -> Drive:
    """Off the route by so far when the fixes end, and on it again when they return."""
    drive = Drive().halt(60).to(3000, 0).to(3000 + 1.2 * off_m, off_m)
    for _ in range(dark_s // 10):
        drive.at_s += 10
        drive.fix(None, fix_valid=False)
    drive.y = 0.0
    return drive.fix(10.0).to(9900, 0).to(0, 0, mps=20).halt(200)


def test_of_a_pause_counts_only_what_the_way_back_takes() -> None:
    """Less than a minute beyond the edge in sight, and two without a fix: it may have been back at once. From 800 m away it
    cannot have been, and a hundred seconds become two minutes."""
    assert judged(world([trip([])]), _into_a_tunnel_off_the_route(450, 110)).of("route_deviation") == []
    assert len(judged(world([trip([])]), _into_a_tunnel_off_the_route(800, 110)).of("route_deviation")) == 1
