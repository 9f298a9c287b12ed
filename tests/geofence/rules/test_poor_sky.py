"""Halts whose fixes lie: the wheels, the door and what was signed for say where the van was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.geofence.scene import PLAIN, Drive, judged, proof, stop, trip, world

POOR: dict[str, Any] = {"hdop": 8.0, "satellites": 4, "accuracy_m": 40.0}


class Wheels(Drive):
    """A drive that tells its odometer, and fixes that may lie aside of where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.aside_m, self.rolled_m = 0.0, 50_000.0

    def fix(self, speed_mps: float | None = 0.0, **more: Any) -> Drive:
        self.y += self.aside_m
        super().fix(speed_mps, **{"odometer_m": self.rolled_m + self.x, "door_open": False, **more})
        self.y -= self.aside_m
        return self

    def lie(self, aside_m: float) -> Wheels:
        self.aside_m = aside_m
        return self


def _unloads(drive: Drive, *skies: dict[str, Any]) -> Drive:
    """The door is open for four minutes, under one sky after the other."""
    drive.halt(16, **skies[0])
    for sky in skies:
        drive.halt(240 / len(skies), door_open=True, **sky)
    return drive.halt(30, **skies[-1])


@pytest.mark.parametrize("skies", [(POOR, {}), (POOR, POOR, POOR, {})])
def test_what_is_unloaded_after_halting_under_a_poor_sky_is_told(skies: tuple[dict[str, Any], ...]) -> None:
    """Seen well only after the door has been open for long, or only for seconds before it drives on."""
    drive = Wheels().halt(60).to(3000, 0)
    began_s = drive.at_s
    out = judged(PLAIN, _unloads(drive, *skies).to(5000, 0))
    (event,) = out.of("unscheduled_unloading")
    assert began_s < (event.started_at - PLAIN.trips[0].planned_start).total_seconds() < began_s + 60
    assert event.ended_at is not None


@pytest.mark.parametrize(("to_the_next_stop_m", "told"), [(150.0, 0), (400.0, 1)])
def test_under_a_sky_that_is_poor_all_the_time_it_unloads_elsewhere_as_far_as_its_fixes_tell(
    to_the_next_stop_m: float, told: int
) -> None:
    scene = world([trip([stop(1, 3000 + to_the_next_stop_m, 0)])])
    out = judged(scene, _unloads(Wheels().halt(60).to(3000, 0), POOR).to(5000, 0))
    assert len(out.of("unscheduled_unloading")) == told


@pytest.mark.parametrize(("good_fixes", "told"), [(0, 0), (5, 1)])
def test_a_replayed_position_stays_one_under_a_poor_sky(good_fixes: int, told: int) -> None:
    """Poor fixes prolong what good ones began to tell, and begin nothing."""
    van = Wheels()
    van.halt(60).to(3000, 0, **POOR)
    for row in range(14):
        van.rolled_m += 100.0
        van.at_s += 10.0
        van.lie(20.0 * (-1) ** row if row >= good_fixes else 0.0).fix(0.0, **(POOR if row >= good_fixes else {}))
    assert len(judged(PLAIN, van.to(5000, 0)).of("spoofed_position")) == told


@pytest.mark.parametrize(("apart_m", "told"), [(45.0, 1), (58.0, 0)])
def test_two_halts_one_kerb_apart_are_not_one(apart_m: float, told: int) -> None:
    """The second within twenty metres of where the first one's fixes may lie, and sixty metres on by the wheels."""
    van = Wheels()
    van.halt(60).to(3000, 0).halt(400)
    van.to(3000 + apart_m, 0, mps=6.0).halt(400, ignition=False)
    out = judged(PLAIN, van.to(5000, 0))
    assert len(out.of("unscheduled_stop")) == told


def test_a_position_that_is_replayed_is_no_place_to_unload_at() -> None:
    van = Wheels()
    van.halt(60).to(3000, 0)
    for rolled_m in range(0, 2000, 100):  # a jammer's neighbour: the wheels turn, the place stays
        van.rolled_m += 100.0
        van.at_s += 10.0
        van.fix(0.0 if rolled_m else 1.0)
    van.halt(16).halt(200, door_open=True).halt(30)
    out = judged(PLAIN, van)
    assert len(out.of("spoofed_position")) == 1
    assert out.of("unscheduled_unloading") == []


def test_a_door_that_was_open_on_the_way_there_was_not_opened_there() -> None:
    drive = Wheels().halt(60).to(2000, 0).to(3000, 0, door_open=True).halt(300, door_open=True, **POOR)
    assert judged(PLAIN, drive.halt(30).to(5000, 0)).of("unscheduled_unloading") == []


@pytest.mark.parametrize("seconds", [240.0, 900.0])
def test_a_halt_that_served_a_stop_is_one_wherever_its_first_fixes_put_it(seconds: float) -> None:
    """Parked with fixes a street away, which are held while the ignition is off; signed for when it leaves."""
    scene = world([trip([stop(1, 3000, 0), stop(2, 9000, 0)], proofs=(proof(1, 380.0 + seconds, 3000, 0),))])

    def drive() -> Drive:
        van = Wheels()
        van.halt(60).to(3000, 0)
        van.lie(-122.0)
        van.halt(9, every_s=9, ignition=False)
        van.lie(0.0).halt(seconds, door_open=True, ignition=False)
        return van.halt(10).to(5000, 0)

    out = judged(scene, drive())
    assert not out.rules() & {"unscheduled_unloading", "unscheduled_stop"}
    elsewhere = world([trip([stop(1, 3600, 0), stop(2, 9000, 0)], proofs=(proof(1, 380.0 + seconds, 3600, 0),))])
    assert "unscheduled_unloading" in judged(elsewhere, drive()).rules()


def test_what_waits_for_a_signature_and_is_told_after_it_drove_on_has_ended() -> None:
    """Fifty metres beside a shop that nobody signs for."""
    scene = world([trip([stop(1, 3100, 0), stop(2, 9000, 0)])])
    drive = Wheels().halt(60).to(3000, 0).halt(16).halt(120, door_open=True).to(8900, 0)
    gone_s = drive.at_s
    (event,) = judged(scene, drive).of("unscheduled_unloading")
    assert event.ended_at is not None
    assert (event.ended_at - scene.trips[0].planned_start).total_seconds() < gone_s - 400
