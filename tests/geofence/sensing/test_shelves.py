"""What happens at a shelf, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.equipment import Equipment
from geofence.parameters import Parameters
from geofence.sensing.history import judge_samples
from tests.geofence.sensing.shelf_scene import HOUR, MIDNIGHT, SHELF, Scale, at, engine


def swept(scale: Scale, pieces: int, seconds: int = 24) -> Scale:
    for _ in range(pieces):
        scale.put(-1)
        scale.second += max(seconds / pieces - 2, 0)
    return scale


def test_an_empty_shelf_is_told_after_a_quarter_of_an_hour() -> None:
    scale = Scale(3).until(9).sell(3)
    emptied = scale.second
    (event,) = scale.wait(1200).events("shelf_stock_out")
    assert (event.started_at, event.ended_at, event.facts["why"]) == (at(emptied), None, "empty")
    assert event.detected_at - event.started_at <= timedelta(seconds=900 + 300)


def test_a_stock_out_ends_with_the_restocking() -> None:
    scale = Scale(3).until(9).sell(3).until(10)
    (event,) = scale.receive(30).wait(600).events("shelf_stock_out")
    assert event.ended_at == at(10 * HOUR + 2)


def test_a_stock_out_overnight_is_one_for_each_day_s_hours() -> None:
    events = Scale(3).until(20).sell(3).until(34).events("shelf_stock_out")
    assert [(event.started_at, event.ended_at) for event in events] == [
        (at(20 * HOUR + 2), at(21 * HOUR)),
        (MIDNIGHT + timedelta(hours=31), None),
    ]
    assert all(event.detected_at - event.started_at <= timedelta(seconds=900 + 300) for event in events)


def test_a_silence_over_the_closing_ends_a_stock_out_with_the_day() -> None:
    scale = Scale(3).until(19).sell(3).until(20)
    scale.second = 32 * HOUR
    first, second = scale.report().wait(1800).events("shelf_stock_out")
    assert (first.ended_at, first.detected_at) == (at(21 * HOUR), at(19 * HOUR + 2 + 900))
    assert second.started_at == at(32 * HOUR)


@pytest.mark.parametrize("empty_min", [5, 14])
def test_a_shelf_that_is_filled_soon_is_not_out_of_stock(empty_min: int) -> None:
    scale = Scale(3).until(9).sell(3).wait(60 * empty_min).receive(20).wait(3600)
    assert scale.events("shelf_stock_out") == []


def test_nobody_misses_anything_while_the_shop_is_closed() -> None:
    assert Scale(1).until(20.9).sell(1).until(30.9).events("shelf_stock_out") == []


def test_a_lifted_sensor_is_no_stock_out_and_says_nothing() -> None:
    scale = Scale(20).until(9).put(0, -1e9).wait(1500)
    scale.other_g = 0.0
    judged = scale.put(0).wait(600).judged()
    assert judged.events == {}
    assert {seen.pieces for seen in judged.observed.values()} == {20}


def test_hands_on_an_empty_shelf_do_not_fill_it() -> None:
    scale = Scale(0).until(7.1)
    for _ in range(3):
        scale.put(0, 700.0).wait(8).put(0, -700.0).wait(240)
    (event,) = scale.until(8).events("shelf_stock_out")
    assert (event.started_at, event.ended_at) == (at(7 * HOUR), None)


def test_little_cover_is_as_good_as_none_where_the_lead_time_is_known() -> None:
    shelf = replace(SHELF, lead_time_h=48.0)
    scale = Scale(20, shelf=shelf).until(8)
    for _ in range(16):
        scale.sell(1).wait(1200)
    assert scale.pieces == 4
    (event,) = scale.wait(1800).events("shelf_stock_out", Parameters({"shelf_stock_out.rate_days": 1.0}))
    assert (event.facts["why"], event.ended_at) == ("cover", None)


def test_a_sweep_is_told_when_nothing_is_put_back() -> None:
    scale = Scale(20).until(11)
    begin = scale.second
    (event,) = swept(scale, 9).wait(900).events("shelf_sweep")
    assert (event.facts["units"], event.facts["before_units"]) == (9, 20)
    assert abs((event.started_at - at(begin)).total_seconds()) <= 3
    assert event.detected_at - event.started_at < timedelta(seconds=600)
    (event,) = swept(Scale(20).until(11), 13).wait(110).receive(22).wait(900).events("shelf_sweep")
    assert event.facts["units"] == 13
    (event,) = swept(Scale(30).until(11), 14).wait(900).events("shelf_sweep")
    assert event.severity == "high"


def test_what_is_no_sweep() -> None:
    refaced = Scale(20).until(11).put(-8).wait(140).put(8).wait(900)
    assert refaced.events("shelf_sweep") == []
    taken_out_and_some_put_back = Scale(20).until(11).put(-8).wait(100).put(5).wait(900)
    assert taken_out_and_some_put_back.events("shelf_sweep") == []
    sold = Scale(20).until(11).put(0, 300).wait(5).put(0, -300).wait(60).sell(8).wait(900)
    assert sold.events("shelf_sweep") == []
    slow = Scale(20).until(11)
    for _ in range(8):
        slow.put(-1).wait(40)
    assert slow.wait(900).events("shelf_sweep") == []
    few = swept(Scale(20).until(11), 5).wait(900)
    assert few.events("shelf_sweep") == []
    restocked = Scale(20).until(11).receive(15).wait(900)
    assert restocked.events("shelf_sweep") == []
    lifted = Scale(20).until(11).put(0, -1e9).wait(100)
    lifted.other_g = 0.0
    assert lifted.put(0).wait(900).events("shelf_sweep") == []
    lifted_amid_refacing = Scale(20).until(11).put(-6).wait(60).put(0, -1e9).wait(130)
    lifted_amid_refacing.other_g = 0.0
    assert lifted_amid_refacing.put(6).wait(900).events("shelf_sweep") == []


def test_a_sale_between_taking_out_and_putting_back_hides_neither() -> None:
    refaced = Scale(20).until(11).put(0, 300).wait(5).put(0, -300).wait(60).put(-6).wait(9).sell(1).wait(35).put(6).wait(900)
    assert refaced.events("shelf_sweep") == []
    sold_much = Scale(37).until(11).sell(7).wait(13).put(-6).wait(116).put(6).wait(900)
    assert sold_much.events("shelf_sweep") == []
    after_a_sale = swept(Scale(20).until(11).sell(1).wait(220), 13).wait(900)
    (event,) = after_a_sale.events("shelf_sweep")
    assert (event.facts["units"], event.facts["before_units"]) == (13, 19)


def test_two_facings_set_right_one_over_the_other_are_no_sweep() -> None:
    facings = Scale(49).until(11).put(-8).wait(86).put(-6).wait(57).put(8).wait(81).put(6).wait(900)
    assert facings.events("shelf_sweep") == []
    one_is_kept = Scale(49).until(11).put(-8).wait(86).put(-6).wait(57).put(6).wait(900)
    (event,) = one_is_kept.events("shelf_sweep")
    assert event.facts["units"] == 8


def test_a_sensor_that_reports_every_five_minutes_cannot_tell_a_sweep() -> None:
    scale = Scale(20).until(11)
    scale.pieces -= 10
    assert scale.wait(1800).events("shelf_sweep") == []


def test_what_the_books_cannot_explain_is_told_in_the_evening() -> None:
    scale = Scale(20).until(9).sell(3).until(12).put(-1).until(14).put(-1).until(15).put(-2).until(16).receive(10)
    (event,) = scale.until(22.5).events("shelf_shrink")
    facts = event.facts
    assert (facts["missing_units"], facts["opening_units"], facts["received_units"], facts["sold_units"]) == (4, 20, 10, 3)
    assert event.ended_at == event.detected_at
    assert at(21.4 * HOUR) <= event.detected_at <= at(21.8 * HOUR)


def test_what_is_no_shrink() -> None:
    honest = Scale(20).until(9).sell(3).until(12).receive(15).until(16).sell(2)
    assert honest.until(24).events("shelf_shrink") == []
    two = Scale(20).until(9).put(-1).until(10).put(-1).until(24)
    assert two.events("shelf_shrink") == []
    uncounted = Scale(20, shelf=replace(SHELF, sold=None)).until(9).put(-8).until(24)
    assert uncounted.events("shelf_shrink") == []
    surplus = Scale(20).until(9).put(8).until(24)
    assert surplus.events("shelf_shrink") == []


def test_shrink_waits_for_the_books() -> None:
    scale = Scale(20).until(9).put(-5).until(24)
    scale.shelf = replace(scale.shelf, books_until=at(12 * HOUR))
    assert scale.events("shelf_shrink") == []
    scale.shelf = replace(scale.shelf, books_until=at(23 * HOUR))
    assert len(scale.events("shelf_shrink")) == 1


def test_slow_drift_is_followed() -> None:
    scale = Scale(20)
    for _ in range(288 * 6):
        scale.other_g += 0.2
        scale.wait(300)
    assert scale.other_g > 3 * 100
    judged = scale.judged()
    assert {seen.pieces for seen in judged.observed.values()} == {20}
    assert judged.events == {}


def test_another_tare_is_no_sale() -> None:
    scale = Scale(20).until(9).put(0, 145.0).until(12).sell(1).until(22.5)
    judged = scale.judged()
    assert judged.events == {}
    assert [seen.pieces for seen in judged.observed.values()][-1] == 19


def test_a_shelf_that_gets_another_product_begins_anew() -> None:
    scale = Scale(0).until(9)
    old = replace(SHELF, valid_until=at(9 * HOUR))
    new = replace(SHELF, product="noodles", unit_g=80.0, valid_from=at(9 * HOUR))
    scale.pieces, scale.shelf = 30, new
    scale.put(0).until(12)
    judged = judge_samples(engine(Equipment(shelves=(old, new))), scale.samples())
    (event,) = judged.events.values()
    assert (event.rule, event.facts["product"], event.ended_at) == ("shelf_stock_out", "soap", at(9 * HOUR))
    last = list(judged.observed.values())[-1]
    assert (last.product, last.pieces) == ("noodles", 30)


def test_more_than_fits_is_hardly_believed() -> None:
    judged = Scale(20).until(9).put(60).wait(3600).judged()
    assert next(seen.confidence > 0.9 for seen in judged.observed.values() if seen.pieces == 20)
    assert all(seen.confidence < 0.4 for seen in judged.observed.values() if seen.pieces == 80)
