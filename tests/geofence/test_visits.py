from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.events import VisitState
from geofence.kernels.sequence import longest_increasing
from tests.geofence.scene import START, Drive, judged, proof, stop, trip, world

STOPS = [stop(1, 1000, 0), stop(2, 2500, 0), stop(3, 4000, 0), stop(4, 6000, 0)]
SCENE = world([trip(STOPS)])


def served(drive: Drive, x: float, seconds: float = 200) -> Drive:
    return drive.to(x, 0).halt(seconds)


def test_served_stops_say_when() -> None:
    drive = Drive().halt(60)
    for x in (1000, 2500, 4000, 6000):
        served(drive, x)
    out = judged(SCENE, drive.to(9000, 0), until_s=2000)
    assert [out.visits[f"s{n}"].state for n in (1, 2, 3, 4)] == [VisitState.serviced] * 4
    assert out.rules() == set()
    first = out.visits["s1"]
    assert first.arrived_at is not None
    assert first.departed_at is not None
    assert abs(first.arrived_at - (START + timedelta(seconds=63 + 100))) <= timedelta(seconds=10)
    assert abs((first.departed_at - first.arrived_at).total_seconds() - 203) <= 10
    assert first.confidence > 0.8


def test_a_stop_driven_past_is_suspected_early_and_missed_for_good_when_the_trip_is_over() -> None:
    drive = served(served(served(Drive().halt(60), 1000), 4000), 6000)
    at_two_later = drive.at_s
    drive.to(9900, 0).to(0, 0, mps=20).halt(120)
    out = judged(SCENE, drive)
    (missed,) = out.of("missed_stop")
    assert missed.stop_id == "s2"
    assert missed.detected_at <= START + timedelta(seconds=at_two_later)
    assert missed.facts["stage"] == "final"
    assert out.visits["s2"].state == VisitState.missed
    assert out.rules() == {"missed_stop"}


def test_a_stop_served_late_is_not_missed() -> None:
    drive = served(served(served(Drive().halt(60), 1000), 4000), 6000)
    drive.to(2500, 0).halt(200).to(0, 0).halt(100)
    out = judged(SCENE, drive, until_s=6 * 3600)
    assert out.of("missed_stop") == []
    assert out.visits["s2"].state == VisitState.out_of_sequence
    assert len(out.conclusions.withdrawn) == 1


def test_a_gap_over_the_likely_visit_is_probable_and_one_that_could_hide_it_no_data() -> None:
    drive = served(Drive().halt(60), 1000)
    drive.to(1600, 0).away(500)
    drive.x = 3200
    served(served(drive.fix(10.0), 4000), 6000).to(9900, 0).to(0, 0, mps=20).halt(100)
    out = judged(SCENE, drive, until_s=6 * 3600)
    assert out.visits["s2"].state == VisitState.probable
    assert out.of("missed_stop") == []


def test_no_data_is_never_missed() -> None:
    drive = served(served(Drive().halt(60), 1000), 2500).to(3000, 0)
    out = judged(SCENE, drive, until_s=8 * 3600)
    assert [out.visits[f"s{n}"].state for n in (3, 4)] == [VisitState.no_data] * 2
    assert out.of("missed_stop") == []


def test_a_trip_whose_device_never_spoke_has_no_data() -> None:
    out = judged(SCENE, Drive(at_s=-9 * 3600).fix(), until_s=9 * 3600)
    assert {visit.state for visit in out.visits.values()} == {VisitState.no_data}
    assert out.of("missed_stop") == []


def test_driving_through_a_stop_is_no_visit() -> None:
    drive = Drive().halt(60).to(1000, 0, mps=8, every_s=3).to(2000, 0, mps=8, every_s=3)
    out = judged(SCENE, drive)
    assert out.visits["s1"].state == VisitState.drive_by


def test_a_sparse_track_does_not_jump_over_a_stop_and_crossing_is_no_visit() -> None:
    drive = Drive().halt(60).to(2200, 0, mps=10, every_s=100)
    out = judged(SCENE, drive)
    assert out.conclusions.counts["stop_crossed"] == 1
    assert out.visits["s1"].state not in {VisitState.arrived, VisitState.serviced}


def test_of_two_neighbours_the_nearer_is_served_and_the_other_probable() -> None:
    scene = world([trip([stop(1, 1000, 0), stop(2, 1050, 0), stop(3, 3000, 0)])])
    drive = served(served(Drive().halt(60), 1005), 3000).to(9900, 0).to(0, 0, mps=20).halt(100)
    out = judged(scene, drive)
    assert out.visits["s1"].state == VisitState.serviced
    assert out.visits["s2"].state == VisitState.probable
    assert out.of("missed_stop") == []


def test_a_halt_signed_for_just_outside_the_circle_is_a_visit() -> None:
    stops = [stop(1, 1000, 0), stop(2, 3000, 0)]
    drive = Drive().halt(60).to(1000, 100).halt(200).to(3000, 0).halt(200).to(9900, 0).to(0, 0, mps=20).halt(100)
    signed = judged(world([trip(stops, proofs=(proof(1, 300, 1000, 90),))]), drive)
    unsigned = judged(world([trip(stops)]), drive)
    assert signed.visits["s1"].state == VisitState.serviced
    assert signed.rules() == set()
    assert unsigned.visits["s1"].state == VisitState.missed


def test_a_window_that_passes_makes_a_stop_missed_before_the_trip_ends() -> None:
    stops = [stop(1, 1000, 0, window_end=START + timedelta(minutes=10)), stop(2, 9000, 0)]
    drive = Drive().halt(60).to(300, 0).halt(80 * 60, every_s=60)
    out = judged(world([trip(stops)]), drive, until_s=80 * 60)
    (missed,) = out.of("missed_stop")
    assert missed.stop_id == "s1"
    assert missed.detected_at == START + timedelta(minutes=70)


def _naive(numbers: list[int]) -> int:
    best = [1] * len(numbers)
    for high in range(len(numbers)):
        for low in range(high):
            if numbers[low] < numbers[high]:
                best[high] = max(best[high], best[low] + 1)
    return max(best, default=0)


@given(st.lists(st.integers(0, 40), unique=True, max_size=25))
def test_the_longest_increasing_subsequence_is_as_long_as_can_be(numbers: list[int]) -> None:
    chosen = longest_increasing(np.array(numbers, np.int64))
    kept = [number for number, inside in zip(numbers, chosen, strict=True) if inside]
    assert kept == sorted(kept)
    assert len(kept) == _naive(numbers)


def test_a_halt_that_was_not_seen_well_is_probable_and_a_visit_when_it_was_signed_for() -> None:
    stops = [stop(1, 1000, 0), stop(2, 3000, 0)]
    drive = Drive().halt(60).to(1000, 0).halt(15, every_s=15).away(80)
    drive.to(3000, 0).halt(200).to(9900, 0).to(0, 0, mps=20).halt(100)
    unsigned = judged(world([trip(stops)]), drive)
    signed = judged(world([trip(stops, proofs=(proof(1, 250, 1000, 5),))]), drive)
    assert unsigned.visits["s1"].state == VisitState.probable
    assert signed.visits["s1"].state == VisitState.serviced


def test_wheels_that_stand_under_a_poor_sky_are_a_visit() -> None:
    stops = [stop(1, 1000, 0), stop(2, 3000, 0)]
    drive = Drive().halt(60).to(700, 0).to(1000, 0, hdop=9.0).halt(120, hdop=9.0).to(1200, 0, hdop=9.0)
    out = judged(world([trip(stops)]), drive.to(3000, 0).halt(200).to(9900, 0).to(0, 0, mps=20).halt(100))
    assert [visit.state for visit in out.visits.values()] == [VisitState.serviced] * 2
    assert out.rules() == set()


def test_a_stand_next_door_serves_the_stop_that_was_signed_for_and_not_its_neighbour() -> None:
    stops = [stop(1, 1000, 0), stop(2, 1000, 150), stop(3, 3000, 0)]
    proofs = (proof(1, 300, 1000, 2), proof(2, 480, 1000, 145))
    drive = Drive().halt(60).to(1000, 30).halt(150).to(1000, 60).halt(120).to(1000, 0).to(3000, 0).halt(200)
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(100))
    assert [visit.state for visit in out.visits.values()] == [VisitState.serviced] * 3


def test_a_gap_too_short_for_the_odometer_hides_no_visit() -> None:
    stops = [stop(1, 1000, 0), stop(2, 2000, 600), stop(3, 3000, 0)]
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0).halt(200, odometer_m=1000.0).away(400)
    drive.x = 2500
    drive.fix(10.0, odometer_m=2500.0).to(3000, 0, odometer_m=3000.0).halt(200, odometer_m=3000.0)
    drive.to(9900, 0, odometer_m=9900.0).to(0, 0, mps=20, odometer_m=19_800.0).halt(200, odometer_m=19_800.0)
    assert judged(world([trip(stops)]), drive).visits["s2"].state == VisitState.missed


def test_passing_the_depot_does_not_end_a_trip_and_going_out_again_revises_it() -> None:
    stops = [stop(1, 3000, 0), stop(2, 9000, 0), stop(3, 1500, 0)]
    drive = Drive().halt(60).to(3000, 0).halt(200).to(9000, 0).halt(200).to(9900, 0).to(0, 0, mps=20).halt(600)
    home = judged(world([trip(stops)]), drive)
    assert home.visits["s3"].state == VisitState.missed
    again = judged(world([trip(stops)]), drive.to(1500, 0).halt(200).to(0, 0).halt(200))
    assert again.visits["s3"].state == VisitState.serviced
    assert again.of("missed_stop") == []


def test_a_trip_lasts_until_a_late_van_is_home() -> None:
    scene = world([trip([stop(1, 1000, 0), stop(2, 4000, 0)], planned_end=START + timedelta(hours=1))])
    drive = Drive().halt(60).to(1000, 0).halt(200).to(2000, 0).halt(3.5 * 3600, every_s=60).to(4000, 0).halt(200)
    out = judged(scene, drive.to(0, 0).halt(200), until_s=12 * 3600)
    assert [visit.state for visit in out.visits.values()] == [VisitState.serviced] * 2
    (late,) = out.of("early_or_late")
    assert late.stop_id == "s2"
    assert late.facts["kind"] == "late"
    again = judged(scene, drive.halt(60).to(3000, 0).halt(1200), until_s=12 * 3600)
    assert again.rules() == out.rules()  # home is home


def test_a_trip_of_a_van_that_never_comes_home_ends_all_the_same() -> None:
    scene = world([trip([stop(1, 1000, 0)], planned_end=START + timedelta(hours=1))])
    drive = Drive().halt(60).to(1000, 0).halt(200).to(3000, 0).halt(10 * 3600, every_s=300)
    drive.to(4000, 0).halt(1800)
    (told,) = judged(scene, drive, until_s=12 * 3600).of("unscheduled_stop")
    assert told.ended_at == START + timedelta(hours=9)


def test_a_trip_of_a_van_that_stays_in_its_depot_ends_two_hours_late() -> None:
    scene = world([trip([stop(1, 3000, 0)], planned_end=START + timedelta(hours=1), proofs=())])
    drive = Drive().halt(3.5 * 3600, every_s=60).to(3000, 0).halt(200).to(0, 0).halt(60)
    assert judged(scene, drive).visits["s1"].state == VisitState.missed


def test_a_halt_that_nobody_signed_for_with_the_door_shut_is_a_red_light() -> None:
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3, 4, 5)]
    drive = Drive()
    drive.always["door_open"] = False
    drive.halt(60)
    proofs = []
    for n in (1, 2, 3, 5):
        drive.to(1000 * n, 0).halt(20).halt(120, door_open=True).halt(20)
        proofs.append(proof(n, drive.at_s - 30, 1000 * n, 3))
        if n == 3:
            drive.to(4000, 0).halt(60)
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(200))
    assert out.visits["s4"].state == VisitState.missed


def test_a_late_visit_is_told_though_a_red_light_before_it_was_taken_for_one() -> None:
    stops = [stop(n, 1000 * n, 0, window_end=START + timedelta(minutes=1)) for n in (1, 2, 3, 4, 5)]
    drive, proofs = Drive(), []
    drive.always["door_open"] = False
    drive.halt(1200)
    for n in (1, 2, 3, 5, 4):
        drive.to(1000 * n, 0).halt(20).halt(120, door_open=True).halt(20)
        proofs.append(proof(n, drive.at_s - 30, 1000 * n, 3))
        if n == 3:
            drive.to(4000, 0).halt(60)
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(200))
    assert out.visits["s4"].state == VisitState.serviced
    assert sorted(event.stop_id or "" for event in out.of("early_or_late")) == ["s1", "s2", "s3", "s4", "s5"]


def test_a_jam_before_a_shop_is_no_visit() -> None:
    """For long, but the door that opens everywhere else stays shut, and nobody signs."""
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3, 4, 5)]
    drive, proofs = Drive(), []
    drive.always["door_open"] = False
    drive.halt(60)
    for n in (1, 2, 3, 5):
        drive.to(1000 * n, 0).halt(20).halt(120, door_open=True).halt(20)
        proofs.append(proof(n, drive.at_s - 30, 1000 * n, 3))
        if n == 3:
            drive.to(4000, 0).halt(300).to(4020, 0, mps=2).halt(400)
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(200))
    assert out.visits["s4"].state == VisitState.missed
