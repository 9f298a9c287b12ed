"""Moving, being towed and ignition at night."""

from __future__ import annotations

from tests.geofence.scene import Drive, judged, world


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
