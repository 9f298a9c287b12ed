"""What a load weighs and what a tank holds, from stand to stand."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from domain.deliveries import Order, OrderLine
from geofence.world import World
from tests.geofence.scene import Drive, judged, proof, stop, trip, world

PLAIN = world([trip([stop(1, 9000, 0)])])


def delivery(kg: float) -> World:
    """One shop on the way, to which an order of so many kilograms is due, signed for while the van stands there."""
    one = trip([stop(1, 3000, 0)], proofs=(proof(1, 500, 3000, 0),))
    order = Order("o", "t1", "s1", (OrderLine("rice", 1, 1, 1, 0, kg),))
    return World((), (one,), {1: "van"}, orders=(order,))


def weighed(*stands: Iterable[float]) -> Drive:
    """Weighings every 20 s at a stand outside the depot, then at the shop, and at stands further on."""
    drive = Drive()
    for number, (x, kilograms) in enumerate(zip((1500, 3000, 4500, 6000, 7500), stands, strict=False)):
        drive.to(x, 0, mps=7.5, cargo_kg=2400.0 + 300.0 * (number % 2))
        for kg in kilograms:
            drive.at_s += 20
            drive.fix(0.0, cargo_kg=kg)
    return drive.to(8000, 0)


LEVEL = [2500.0] * 6


def test_a_shop_on_a_slope_is_no_theft_at_the_shop_before() -> None:
    """The next stand reads one percent less. What was weighed well when the van left the shop holds."""
    drive = weighed(LEVEL, [2500, 2500, 2450, 2400, 2400, 2400], [2376.0] * 5, [2400.0] * 5)
    assert judged(delivery(100), drive).of("cargo_weight_drop") == []


def test_a_loss_told_by_one_weighing_on_a_slope_is_taken_back_on_level_ground() -> None:
    """The van left while it was still being unloaded, and the next stand leans: the one after does not."""
    leans = [2376.0] * 5
    drive = weighed(LEVEL, [2500, 2500, 2460, 2400], leans, [2400.0] * 5)
    assert judged(delivery(100), drive).of("cargo_weight_drop") == []
    stolen = weighed(LEVEL, [2500, 2500, 2460, 2400], leans, [2376.0] * 5)
    (event,) = judged(delivery(100), stolen).of("cargo_weight_drop")
    assert (event.stop_id, event.facts["lost_kg"]) == ("s1", 124)


def test_what_the_next_shop_got_after_its_last_weighing_is_not_missing_at_the_shop_before() -> None:
    """Neither stand was weighed to its end, and the second leans: its own order explains what the stand after it weighs."""
    one = trip([stop(1, 3000, 0), stop(2, 4500, 0)], proofs=(proof(1, 490, 3000, 0), proof(2, 800, 4500, 0)))
    orders = tuple(Order(f"o{n}", "t1", f"s{n}", (OrderLine("rice", 1, 1, 1, 0, 100.0),)) for n in (1, 2))
    drive = weighed(LEVEL, [2500, 2500, 2460, 2400], [2376.0, 2376, 2350, 2310], [2300.0] * 5)
    assert judged(World((), (one,), {1: "van"}, orders=orders), drive).of("cargo_weight_drop") == []


def test_what_came_back_is_compared_with_what_was_told_and_not_with_all_that_was_delivered() -> None:
    """The shop's own delivery never comes back: twenty kilograms too many that return are enough."""
    drive = weighed(LEVEL, [2500, 2400, 2380, 2380, 2380], [2400.0] * 5)
    assert judged(delivery(100), drive).of("cargo_weight_drop") == []
    (event,) = judged(delivery(100), weighed(LEVEL, [2500, 2400, 2380, 2380, 2380], [2380.0] * 5)).of("cargo_weight_drop")
    assert event.stop_id == "s1"


def poured(drive: Drive, litres: Iterable[float], every_s: float = 60, **more: bool) -> Drive:
    """A stand whose tank reads so, one reading after the other."""
    for fuel_l in litres:
        drive.at_s += every_s
        drive.fix(0.0, fuel_l=fuel_l, **more)
    return drive


def come(x: float, drive: Drive | None = None) -> Drive:
    """Drive on with a tank that sloshes."""
    drive = drive or Drive()
    for step, slosh_l in enumerate((1.0, -2.0, 1.5, -1.0, 2.0)):
        drive.to(drive.x + (x - drive.x) / (5 - step), 0, fuel_l=50 + slosh_l)
    return drive


DRAWN = (50, 50, 50, 47, 44, 41, 40)


@pytest.mark.parametrize("engine_on", [True, False])
def test_fuel_drawn_off_is_told_on_the_next_stands_though_all_of_them_are_short(engine_on: bool) -> None:
    drive = poured(come(1500), DRAWN, ignition=engine_on)
    for x in (3000, 4000, 5000):
        poured(drive.to(x, 0), [40, 40, 40], 30)
    (event,) = judged(PLAIN, drive).of("fuel_drop")
    assert event.facts["lost_l"] == 10
    assert event.ended_at is not None


def test_filling_up_later_gives_nothing_back() -> None:
    drive = poured(come(1500), [*DRAWN, *[40] * 8])
    poured(drive.to(4000, 0), [40, 40, 40, 45, 50, 55, 55, 55, 55])
    (event,) = judged(PLAIN, drive.to(5000, 0)).of("fuel_drop")
    assert event.facts["lost_l"] == 10
    swung = poured(come(1500), [*DRAWN, *[40] * 8])
    assert judged(PLAIN, poured(swung.to(4000, 0), [50] * 4)).of("fuel_drop") == []  # it was back before it stood again


def test_a_tank_that_leans_from_the_beginning_has_lost_nothing() -> None:
    drive = poured(poured(come(1500), [50] * 5).to(3000, 0, fuel_l=43), [43] * 20)
    assert judged(PLAIN, poured(drive.to(4500, 0), [50] * 5)).of("fuel_drop") == []


def test_what_is_burnt_on_a_long_way_is_not_stolen() -> None:
    drive = poured(poured(come(1500), [50] * 5).to(8000, 0, mps=20), [48] * 20)
    poured(drive.to(-12_000, 0, mps=20), [42] * 20)
    assert judged(PLAIN, drive).of("fuel_drop") == []


def test_where_fuel_went_while_nobody_could_see_is_not_known() -> None:
    drive = poured(come(1500), [50] * 5).away(1200)
    drive.x = 6000
    assert judged(PLAIN, poured(drive, [35] * 20)).of("fuel_drop") == []
    asleep = poured(come(1500), [50] * 5, ignition=False).away(7200)  # a tracker that sleeps wakes where it stood
    assert len(judged(PLAIN, poured(asleep, [35] * 12, ignition=False)).of("fuel_drop")) == 1


def test_a_load_that_shakes_is_not_weighed_though_a_replayed_position_says_it_stands() -> None:
    drive = Drive().to(1500, 0, odometer_m=0.0)
    metres = 0.0
    for kg in (2500, 2500, 2500):
        drive.at_s += 20
        drive.fix(0.0, odometer_m=metres, cargo_kg=kg)
    for step_m, step_s, kg in (*[(90, 10, 2560)] * 6, (2, 1, 2640), (1, 7, 2420), (3, 8, 2410), *[(90, 10, 2400)] * 3):
        metres, drive.at_s = metres + step_m, drive.at_s + step_s
        drive.fix(0.0, odometer_m=metres, cargo_kg=kg)
    for _ in range(5):
        drive.at_s += 20
        drive.fix(0.0, odometer_m=metres, cargo_kg=2500)
    assert judged(PLAIN, drive).of("cargo_weight_drop") == []


@pytest.mark.parametrize(("last_kg", "told"), [(174.0, 1), (236.0, 0)])
def test_a_loss_on_the_last_stand_of_a_trip_is_told_if_one_weighing_says_so_plainly(last_kg: float, told: int) -> None:
    drive = Drive().halt(60, cargo_kg=250).to(1000, 0, cargo_kg=260).halt(120, cargo_kg=250).to(4000, 0, cargo_kg=240)
    for seconds, kg in ((5, 250.0), (20, 250.0), (60, 243.0), (27, last_kg)):
        drive.at_s += seconds
        drive.fix(0.0, cargo_kg=kg)
    drive.to(0, 0, cargo_kg=200)
    outcome = judged(PLAIN, drive.halt(200), until_s=30 * 3600)
    assert [event.facts["lost_kg"] for event in outcome.of("cargo_weight_drop")] == [250 - last_kg] * told


def _unloaded_until_it_falls_silent(*kilograms: float) -> Drive:
    drive = Drive().halt(60, cargo_kg=2500.0)
    drive.to(3000, 0, cargo_kg=2520.0)
    for kg in kilograms:
        drive.at_s += 30
        drive.fix(0.0, cargo_kg=kg)
    return drive.away(2400).to(6000, 0, mps=50, cargo_kg=1500.0).halt(120, every_s=20, cargo_kg=1500.0)


def test_a_load_that_gets_lighter_until_nothing_is_heard_any_more() -> None:
    """No two weighings agree, as it goes on; the last one shows twice what is enough. What went unheard nobody knows."""
    stolen = _unloaded_until_it_falls_silent(2500, 2500, 2475, 2450, 2430, 2405)
    (event,) = judged(PLAIN, stolen).of("cargo_weight_drop")
    assert event.facts["lost_kg"] == pytest.approx(95, abs=6)
    assert judged(PLAIN, _unloaded_until_it_falls_silent(2500, 2500, 2500, 2450)).of("cargo_weight_drop") == []


def test_what_is_weighed_after_a_replayed_position_counts_again() -> None:
    """The places follow the wheels again; the next stand begins a few metres after the last report of driving."""
    drive, metres = Drive().to(1500, 0, odometer_m=0.0, cargo_kg=2520.0), 0.0

    def stand(*kilograms: float) -> None:
        for kg in kilograms:
            drive.at_s += 20
            drive.fix(0.0, odometer_m=metres, cargo_kg=kg)

    stand(2500, 2500, 2500)
    for _ in range(12):
        metres, drive.at_s = metres + 90, drive.at_s + 10
        drive.fix(0.0, odometer_m=metres, cargo_kg=2520.0)
    for step_m in (*[90] * 30, 14):
        drive.x, metres, drive.at_s = drive.x + step_m, metres + step_m, drive.at_s + 10
        drive.fix(9.0 if step_m > 14 else 0.0, odometer_m=metres, cargo_kg=2520.0 if step_m > 14 else 2500.0)
    for gone_m, kilograms in ((1, (2500, 2400)), (3000, [2400] * 5)):
        drive.x, metres = drive.x + gone_m, metres + gone_m
        drive.at_s += gone_m / 10
        stand(*kilograms)
    (event,) = judged(PLAIN, drive).of("cargo_weight_drop")
    assert event.facts["lost_kg"] == 100
