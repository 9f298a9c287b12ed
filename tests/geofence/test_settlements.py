"""Accounts that add up, and those that do not."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.deliveries import Order, OrderLine
from domain.settlement import SettlementLimits, SettlementLine, find_mismatch
from geofence.parameters import Parameters
from geofence.rulebook import resolve
from geofence.rules.settlement_mismatch import judge_orders, judge_settlement
from tests.geofence.scene import START, stop, trip

VALUES = resolve(Parameters(), "0", None)
TRIP = trip([stop(1, 1000, 0)])
_amounts = st.integers(0, 500)


def line(counted: float, **more: object) -> SettlementLine:
    return SettlementLine("cola", **{"loaded": 1000.0, "delivered": 800.0, "counted": counted, **more})  # type: ignore[arg-type]


def test_all_that_leaves_and_comes_is_reckoned() -> None:
    one = line(70, topped_up=50.0, free=100.0, damaged=90.0, returned=10.0)
    assert (one.expected, one.variance) == (70.0, 0.0)


@given(st.lists(st.tuples(_amounts, _amounts, _amounts, _amounts, _amounts), min_size=1, max_size=5))
def test_what_adds_up_is_never_told(amounts: list[tuple[int, ...]]) -> None:
    lines = [
        SettlementLine(str(number), load, load - given + back, given, 0, 0, 0, back)
        for number, (load, given, back, *_) in enumerate(amounts)
    ]
    assert find_mismatch(lines) is None


def test_half_a_percent_of_the_load_is_told() -> None:
    assert find_mismatch([line(196)]) is None
    missing = find_mismatch([line(195)])
    assert missing is not None
    assert (missing.variance, missing.share, [one.product for one in missing.lines]) == (-5.0, 0.005, ["cola"])
    assert find_mismatch([line(205)]) is not None


def test_little_of_much_value_is_told_and_so_is_money() -> None:
    assert find_mismatch([line(199, price=600.0)]) is not None
    assert find_mismatch([line(199, price=400.0)]) is None
    assert find_mismatch([line(200)], cash_gap=-101.0) is not None
    assert find_mismatch([line(200)], cash_gap=99.0) is None
    assert find_mismatch([line(200)], cash_gap=99.0, limits=SettlementLimits(cash=50.0)) is not None


def test_a_little_of_each_product_adds_up_to_much() -> None:
    lines = [SettlementLine(name, 1000.0, 196.0, 800.0) for name in "abcde"]
    together = find_mismatch([*lines, SettlementLine("f", 0.0, -5.0)])
    assert together is not None
    assert together.lines == ()
    mixed_up = [SettlementLine("a", 1000.0, 190.0, 800.0), SettlementLine("b", 1000.0, 210.0, 800.0)]
    assert find_mismatch(mixed_up) is not None


def test_cases_counted_for_pieces_are_a_slip() -> None:
    slip = line(200 / 24 * 1, packs=(24.0,))
    assert slip.is_unit_slip
    assert find_mismatch([slip]) is None
    assert find_mismatch([line(200 * 24, packs=(24.0,))]) is None
    assert find_mismatch([line(100, packs=(24.0,))]) is not None


def test_an_event_says_what_is_missing_and_is_the_same_each_time() -> None:
    at = START + timedelta(hours=5)
    event = judge_settlement(TRIP, at, [line(150, price=20.0)], -500.0, VALUES)
    assert event is not None
    assert (event.rule, event.device_id, event.trip_id, event.severity) == ("settlement_mismatch", "van", "t1", "high")
    assert event.facts["lines"] == [{"product": "cola", "expected": 200.0, "counted": 150.0}]
    assert (event.facts["value"], event.facts["cash_gap"]) == (1000.0, -500.0)
    again = judge_settlement(TRIP, at + timedelta(hours=1), [line(149)], 0.0, VALUES)
    assert again is not None
    assert again.event_id == event.event_id
    assert judge_settlement(TRIP, at, [line(200)], 0.0, VALUES) is None


def test_orders_settle_a_trip_when_all_of_them_say_everything() -> None:
    def order(number: int, *lines: OrderLine, trip_id: str | None = "t1") -> Order:
        return Order(f"o{number}", trip_id, "s1", lines)

    full = order(1, OrderLine("cola", 10, 10, 8, 2))
    short = order(2, OrderLine("cola", 10, 10, 8, 0))
    open_yet = order(3, OrderLine("soap", 10, 10, None, None))
    elsewhere = order(4, OrderLine("cola", 10, 10, 0, 0), trip_id=None)
    assert judge_orders([TRIP], [full, elsewhere], VALUES) == []
    (event,) = judge_orders([TRIP], [full, short], VALUES)
    assert (event.facts["variance"], event.facts["load"], event.started_at) == (-2.0, 20.0, TRIP.planned_end)
    assert judge_orders([TRIP], [full, short, open_yet], VALUES) == []
    assert judge_orders([], [short], VALUES) == []
