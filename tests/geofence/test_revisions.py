"""What was concluded of a visit at first, and what the rest of the round says of it."""

from __future__ import annotations

from dataclasses import replace

from domain.events import VisitState
from domain.suppressors import Suppressor, SuppressorKind
from domain.trips import Proof
from tests.geofence.scene import START, Drive, at, judged, proof, stop, trip, world


def _serve(drive: Drive, x: float, y: float = 0.0) -> Drive:
    return drive.to(x, y).halt(20).halt(120, door_open=True).halt(20)


def _with_a_door() -> Drive:
    drive = Drive()
    drive.always["door_open"] = False
    return drive.halt(60)


def test_a_red_light_behind_a_shop_is_no_time_unseen_at_it() -> None:
    """It halts for seconds, signs, and waits at the next corner: it was seen driving on in between."""
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3)]
    drive = _serve(Drive().halt(60), 1000)
    proofs = [proof(1, drive.at_s - 30, 1000, 3)]
    drive.to(2000, 0).halt(24, every_s=24)
    proofs.append(proof(2, drive.at_s - 12, 2000, 3))
    drive.to(2040, 0, mps=4).to(2110, 0, mps=7).away(48).fix(0.8)
    _serve(drive, 3000)
    proofs.append(proof(3, drive.at_s - 30, 3000, 3))
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(200))
    assert out.visits["s2"].state == VisitState.missed
    assert [event.stop_id for event in out.of("ghost_delivery")] == ["s2"]


def test_a_red_light_before_its_time_makes_no_early_visit_and_no_order_of_one_served_later() -> None:
    """Before three shops were signed for, a minute there was taken for a service; the true one comes in its window."""
    opens = {1: 0, 2: 0, 3: 0, 4: 1800, 5: 1800, 6: 1800}
    stops = [stop(n, 1000 * n, 0, window_start=START + at(opens[n])) for n in opens]
    drive, proofs = _with_a_door(), []
    for n in (5, 4, 1, 2, 3):
        if n > 3:
            drive.to(1000 * n, 0).halt(60)
        else:
            _serve(drive, 1000 * n)
            proofs.append(proof(n, drive.at_s - 30, 1000 * n, 3))
    drive.to(3500, 0).halt(1200)
    for n in (4, 5, 6):
        _serve(drive, 1000 * n)
        proofs.append(proof(n, drive.at_s - 30, 1000 * n, 3))
    out = judged(world([trip(stops, proofs=proofs)]), drive.to(9900, 0).to(0, 0, mps=20).halt(200))
    assert {visit.state for visit in out.visits.values()} == {VisitState.serviced}
    assert out.of("early_or_late") == []
    assert out.of("out_of_sequence") == []


def test_carried_over_from_next_door_and_signed_for_at_the_next_shop() -> None:
    """The door was open beside it, for long enough; without that, or with the other's circle around it, it is unserved."""
    stops = [stop(1, 1000, 0), stop(2, 2000, 90), stop(3, 3000, 0)]

    def round_of(*, opens: bool) -> Drive:
        drive = _serve(_with_a_door(), 1000).to(2000, 0).halt(20).halt(120, door_open=opens).halt(20)
        return _serve(drive, 3000)

    signed = _serve(_with_a_door(), 1000).at_s - 30, round_of(opens=True).at_s - 30
    proofs = (proof(1, signed[0], 1000, 3), proof(2, signed[1] - 20, 3000, 3), proof(3, signed[1], 3000, 3))
    scene = world([trip(stops, proofs=proofs)])
    home = [round_of(opens=opens).to(9900, 0).to(0, 0, mps=20).halt(200) for opens in (True, False)]
    assert [judged(scene, drive).visits["s2"].state for drive in home] == [VisitState.serviced, VisitState.missed]


def test_what_was_left_out_before_a_breakdown_is_missed_and_not_skipped() -> None:
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3, 4, 5)]
    drive = Drive().halt(60)
    for n in (1, 3, 4):
        _serve(drive, 1000 * n)
    since = drive.at_s + 60
    scene = world([trip(stops, planned_end=START + at(1800))])
    approval = Suppressor("b", SuppressorKind.breakdown, START + at(since), START + at(9000), device_id="van")
    out = judged(replace(scene, suppressors=(approval,)), drive.to(4500, 0).halt(1500).to(9900, 0).to(0, 0, mps=20).halt(300))
    assert (out.visits["s2"].state, out.visits["s5"].state) == (VisitState.missed, VisitState.skipped)


def test_what_is_signed_for_in_sight_was_not_served_in_the_gap_before() -> None:
    """It was silent for long enough to go there; but then it comes for seconds, and signs."""
    stops = [stop(n, 1000 * n, 0) for n in (1, 2, 3)]

    def round_of(*, signs: bool) -> tuple[Drive, list[Proof]]:
        drive = _serve(Drive().halt(60), 1000).away(1500).fix()
        _serve(drive, 2000)
        proofs = [proof(2, drive.at_s - 30, 2000, 3)]
        drive.to(3000, 0).halt(24, every_s=6)
        if signs:
            proofs.append(proof(3, drive.at_s - 12, 3000, 3))
        return drive.to(9900, 0).to(0, 0, mps=20).halt(200), proofs

    for signs, state in ((True, VisitState.missed), (False, VisitState.no_data)):
        drive, proofs = round_of(signs=signs)
        out = judged(world([trip(stops, proofs=proofs)]), drive)
        assert out.visits["s3"].state == state
        assert [event.stop_id for event in out.of("ghost_delivery")] == ["s3"] * signs
