"""What only looks like a visit: red lights before, beside and after a signature, and a shop without its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.events import VisitState
from domain.trips import Proof
from domain.zones import ZoneKind
from tests.geofence.scene import Drive, Outcome, judged, proof, round_zone, stop, trip, world
from tests.geofence.test_gaps import DARK, Metered

STOPS = [stop(n, 1000 * n, 0) for n in range(1, 7)]


class Round:
    """Shops a kilometre apart, each served with the door open, if there is a contact on it, and signed for."""

    def __init__(self, drive: Drive, *, door: bool = True) -> None:
        self.drive, self.door, self.proofs = drive, door, list[Proof]()
        if door:
            drive.always["door_open"] = False
        drive.halt(60)

    def serve(self, number: int) -> Round:
        self.drive.to(1000 * number, 0).halt(20).halt(120, **({"door_open": True} if self.door else {})).halt(20)
        return self.sign(number, 30)

    def sign(self, number: int, ago_s: float) -> Round:
        self.proofs.append(proof(number, self.drive.at_s - ago_s, self.drive.x, 3))
        return self

    def pass_by(self, how: Callable[[Drive], object]) -> Round:
        how(self.drive)
        return self

    def judged(self, stops: Sequence[int] = range(1, 6)) -> Outcome:
        self.drive.to(9900, 0).to(0, 0, mps=20).halt(200)
        return judged(world([trip([STOPS[n - 1] for n in stops], proofs=tuple(self.proofs))]), self.drive)


def test_a_red_light_before_anything_was_signed_for_is_looked_at_again() -> None:
    """On the way out, before the fourth shop: only the next shops show that this van opens its door, and signs."""
    one = Round(Drive()).pass_by(lambda drive: drive.to(4000, 0).halt(60))
    for number in (1, 2, 3, 5):
        one.serve(number)
    out = one.judged()
    assert out.visits["s4"].state == VisitState.missed
    assert [event.stop_id for event in out.of("missed_stop")] == ["s4"]
    assert {out.visits[f"s{n}"].state for n in (1, 2, 3, 5)} == {VisitState.serviced}


def test_a_first_shop_that_is_signed_for_later_stays_served() -> None:
    """Its door was not seen open; but who signs for it at the next door was there."""
    one = Round(Drive()).pass_by(lambda drive: drive.to(1000, 0).halt(100)).serve(2).sign(1, 20).serve(3).serve(4).serve(5)
    assert one.judged().visits["s1"].state == VisitState.serviced


def test_what_was_left_out_long_ago_is_not_waited_for() -> None:
    """No contact on the door. The third was left out; the fifth is served shortly in its turn, and signed for at the next."""
    one = Round(Drive(), door=False).serve(1).serve(2).serve(4).pass_by(lambda drive: drive.to(5000, 0).halt(90))
    out = one.serve(6).sign(5, 30).judged(range(1, 7))
    assert out.visits["s5"].state == VisitState.serviced
    assert [event.stop_id for event in out.of("missed_stop")] == ["s3"]


def _red_light_and_signature(drive: Drive) -> Drive:
    return drive.to(3970, 0).halt(50, every_s=25).to(4005, 0, mps=7, every_s=5).halt(18, every_s=9)


def test_a_red_light_and_a_signature_a_few_metres_on_are_no_service() -> None:
    """Neither took long enough, and the door that opens everywhere else stayed shut."""
    one = Round(Metered()).serve(1).serve(2).serve(3).pass_by(_red_light_and_signature).sign(4, 8).serve(5)
    out = one.judged()
    assert out.visits["s4"].state == VisitState.missed
    assert [event.stop_id for event in out.of("ghost_delivery")] == ["s4"]


def test_a_signature_and_a_red_light_just_outside_the_circle_are_no_service() -> None:
    """Signed for on a halt of seconds at the door; the light after it is long enough, but that door stayed shut."""

    def sign_and_wait(drive: Drive) -> Drive:
        drive.to(4000, 0).halt(18, every_s=9)
        return drive.to(4068, 0, mps=7, every_s=5).halt(60, every_s=30)

    one = Round(Metered()).serve(1).serve(2).serve(3).pass_by(sign_and_wait).sign(4, 82).serve(5)
    out = one.judged()
    assert out.visits["s4"].state == VisitState.missed
    assert [event.stop_id for event in out.of("ghost_delivery")] == ["s4"]


def test_who_is_heard_again_only_as_it_drives_off_had_served_what_was_signed_for_just_before() -> None:
    """The door was opened and shut before anybody heard the van again, standing there."""

    def silent_until_it_leaves(drive: Drive) -> Drive:
        drive.to(3300, 0).away(1200)
        drive.x = 4000
        return drive.halt(8, every_s=8)

    one = Round(Drive()).serve(1).serve(2).serve(3).pass_by(silent_until_it_leaves).sign(4, 14).serve(5)
    assert one.judged().visits["s4"].state in {VisitState.serviced, VisitState.probable}


def test_without_a_contact_on_the_door_nobody_knows() -> None:
    one = Round(Metered(), door=False).serve(1).serve(2).serve(3).pass_by(_red_light_and_signature).sign(4, 8).serve(5)
    assert one.judged().of("ghost_delivery") == []


def test_a_red_light_in_a_tunnel_is_no_service_of_the_shop_behind_it() -> None:
    """The wheels stood for a minute where there is no fix, with the door shut; the shop was signed for on a halt of seconds."""

    def through(drive: Drive) -> None:
        drive.to(3300, 0).to(3700, 0, **DARK).halt(50, every_s=25, **DARK).to(3900, 0, **DARK).to(4000, 0).halt(16, every_s=8)

    out = Round(Metered()).serve(1).serve(2).serve(3).pass_by(through).sign(4, 8).serve(5).judged()
    assert out.visits["s4"].state == VisitState.missed
    assert [event.stop_id for event in out.of("ghost_delivery")] == ["s4"]


def test_a_break_beside_a_shop_that_was_served_before_is_no_long_dwell() -> None:
    """Back for the lunch hour, in a rest place that the shop's circle touches; without such a place it is one."""
    drive = Drive().halt(60).to(1000, 0).halt(200).to(3000, 0).halt(200).to(1040, 0).halt(1800).to(9900, 0).to(0, 0, mps=20)
    plan = trip([stop(1, 1000, 0), stop(2, 3000, 0)], proofs=(proof(1, 300, 1000, 0), proof(2, 700, 3000, 0)))
    rest = round_zone("rest", 1050, 0, 40, ZoneKind.rest)
    assert judged(world([plan], [rest]), drive.halt(200)).of("long_dwell") == []
    assert [event.stop_id for event in judged(world([plan]), drive).of("long_dwell")] == ["s1"]
