"""Off the planned way: from where a van leaves its corridor until it is back, and metres against the plan's."""

from __future__ import annotations

from domain.events import VisitState
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
