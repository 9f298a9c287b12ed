"""What people approved holds rules back, for as long as it holds and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from domain.errors import InvalidInputError
from domain.events import Severity, VisitState
from domain.suppressors import Suppressor, SuppressorKind
from domain.zones import OpenHours, Schedule, ZoneKind
from tests.geofence.scene import START, Drive, judged, place, round_zone, stop, trip, world

PLAIN = world([trip([stop(1, 9000, 0)])])
HALTED = Drive().halt(60).to(3000, 0).halt(1500).to(4000, 0)
AWAY = Drive().halt(60).to(2000, 0).to(2000, 1500).to(4000, 1500).to(4000, 0).to(6000, 0)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def approved(kind: SuppressorKind, since_s: float, until_s: float | None, **more: Any) -> Suppressor:
    return Suppressor("one", kind, at(since_s), None if until_s is None else at(until_s), **more)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (SuppressorKind.breakdown, {"device_id": "van"}),
        (SuppressorKind.break_window, {}),
        (SuppressorKind.break_window, {"trip_id": "t1"}),
    ],
)
def test_a_halt_in_approved_time_is_not_told(kind: SuppressorKind, more: dict[str, Any]) -> None:
    assert judged(PLAIN, HALTED).rules() == {"unscheduled_stop"}
    scene = replace(PLAIN, suppressors=(approved(kind, 0, 3600, **more),))
    assert judged(scene, HALTED).rules() == set()


def test_the_rest_of_a_halt_after_a_break_counts() -> None:
    scene = replace(PLAIN, suppressors=(approved(SuppressorKind.break_window, 0, 700),))
    (event,) = judged(scene, HALTED).of("unscheduled_stop")
    assert at(700 + 600 - 60) <= event.detected_at <= at(700 + 600 + 120)
    scene = replace(PLAIN, suppressors=(approved(SuppressorKind.break_window, 0, 1500),))
    assert judged(scene, HALTED).of("unscheduled_stop") == []


def test_somebody_elses_approval_holds_nothing_back() -> None:
    for more in ({"device_id": "other"}, {"trip_id": "t9"}):
        scene = replace(PLAIN, suppressors=(approved(SuppressorKind.break_window, 0, 3600, **more),))
        assert judged(scene, HALTED).rules() == {"unscheduled_stop"}


def test_breaks_may_come_back_every_week() -> None:
    local = START + timedelta(hours=5, minutes=30)
    hours = OpenHours(local.weekday(), time(local.hour, 0), time((local.hour + 2) % 24, 0))
    for weekday, rules in ((hours.weekday, set()), ((hours.weekday + 1) % 7, {"unscheduled_stop"})):
        schedule = Schedule("Asia/Kolkata", (replace(hours, weekday=weekday),))
        everyday = approved(SuppressorKind.break_window, -86_400 * 30, None, schedule=schedule)
        assert judged(replace(PLAIN, suppressors=(everyday,)), HALTED).rules() == rules


def test_an_approved_place_may_be_halted_at_while_it_is_approved() -> None:
    point = {"type": "Point", "coordinates": place(3000, 0)}
    for until_s, rules in ((7200, set()), (200, {"unscheduled_stop"})):
        spot = approved(SuppressorKind.approved_place, 0, until_s, geometry=point, radius_m=80.0)
        assert judged(replace(PLAIN, suppressors=(spot,)), HALTED).rules() == rules
    zone = round_zone("spot", 3000, 0, 80, ZoneKind.approved)
    assert judged(replace(PLAIN, zones=(zone,)), HALTED).rules() == set()


def test_an_approved_detour_is_no_deviation_where_it_leads_and_while_it_holds() -> None:
    line = {"type": "LineString", "coordinates": [place(*one) for one in ((2000, 0), (2000, 1500), (4000, 1500), (4000, 0))]}
    assert [event.rule for event in judged(PLAIN, AWAY).of("route_deviation")] == ["route_deviation"]
    whole = approved(SuppressorKind.detour, 0, 7200, trip_id="t1")
    along = replace(whole, geometry=line, width_m=150.0)
    everybody = replace(along, trip_id=None)
    for one in (whole, along, everybody):
        assert judged(replace(PLAIN, suppressors=(one,)), AWAY).rules() == set()
    for one in (replace(along, trip_id="t9"), approved(SuppressorKind.detour, 3600, 7200, trip_id="t1")):
        assert judged(replace(PLAIN, suppressors=(one,)), AWAY).rules() == {"route_deviation"}
    zone = round_zone("works", 3000, 800, 2500, ZoneKind.detour)
    assert judged(replace(PLAIN, zones=(zone,)), AWAY).rules() == set()


def test_a_detour_that_ends_while_the_van_is_still_away_is_a_deviation_from_then_on() -> None:
    short = approved(SuppressorKind.detour, 0, 500, trip_id="t1")
    (event,) = judged(replace(PLAIN, suppressors=(short,)), AWAY).of("route_deviation")
    assert at(480) <= event.started_at <= at(580)
    assert event.facts["approved_before"] is True
    assert event.facts["rejoined_at_m"] > 3500
    short_way = {"type": "LineString", "coordinates": [place(2000, 0), place(2000, 900)]}
    left = approved(SuppressorKind.detour, 0, 7200, trip_id="t1", geometry=short_way, width_m=200.0)
    (event,) = judged(replace(PLAIN, suppressors=(left,)), AWAY).of("route_deviation")
    assert "approved_before" in event.facts or event.started_at > at(250)


def test_while_a_breakdown_is_approved_stops_are_at_risk_and_not_missed() -> None:
    stops = [stop(n, 2000 * n, 0, window_end=START + timedelta(minutes=30)) for n in (1, 2, 3)]
    scene = world([trip(stops)])
    drive = Drive().halt(60).to(2000, 0).halt(200).to(3000, 0).halt(6000)
    out = judged(scene, drive, until_s=6300)
    assert out.visits["s3"].state == VisitState.missed
    broken = replace(scene, suppressors=(approved(SuppressorKind.breakdown, 500, 20_000, device_id="van"),))
    out = judged(broken, drive, until_s=6300)
    assert out.rules() <= {"early_or_late"}  # predicted, as the estimate says
    for name in ("s2", "s3"):
        assert out.visits[name].state in {VisitState.pending, VisitState.approaching}
        assert out.visits[name].facts["at_risk_because"] == "breakdown"
    over = judged(broken, drive, until_s=4 * 3600 + 7200 + 60)
    assert over.visits["s3"].state in {VisitState.skipped, VisitState.missed, VisitState.no_data}
    during = judged(
        replace(broken, suppressors=(approved(SuppressorKind.breakdown, 500, None, device_id="van"),)), drive, until_s=45_000
    )
    assert during.visits["s3"].state == VisitState.skipped
    assert during.of("missed_stop") == []


def test_after_a_breakdown_everything_counts_again() -> None:
    stops = [stop(n, 2000 * n, 0) for n in (1, 2, 3, 4)]
    scene = replace(world([trip(stops)]), suppressors=(approved(SuppressorKind.breakdown, 300, 1800, device_id="van"),))
    drive = Drive().halt(60).to(1000, 0).halt(1900).to(2000, 0).halt(200).to(6000, 0).halt(200)
    drive.to(8000, 0).halt(200).to(8600, 0)
    out = judged(scene, drive)
    assert [event.stop_id for event in out.of("missed_stop")] == ["s2"]
    assert out.visits["s2"].facts["at_risk_because"] == "left_out"
    assert out.of("unscheduled_stop") == []


def test_a_long_stay_at_a_stop_in_a_breakdown_is_not_long() -> None:
    drive = Drive().halt(60).to(9000, 0).halt(2400).to(9600, 0)
    assert judged(PLAIN, drive).rules() >= {"long_dwell"}
    scene = replace(PLAIN, suppressors=(approved(SuppressorKind.breakdown, 1200, 3600, device_id="van"),))
    assert "long_dwell" not in judged(scene, drive).rules()


def test_an_outlet_that_usually_takes_long_may() -> None:
    drive = Drive().halt(60).to(9000, 0).halt(2400).to(9600, 0)
    patient = replace(PLAIN, trips=(trip([stop(1, 9000, 0, usual_dwell_s=2700.0)]),))
    assert "long_dwell" not in judged(patient, drive).rules()
    large = replace(PLAIN, trips=(trip([stop(1, 9000, 0, cases=400.0)]),))
    assert "long_dwell" not in judged(large, drive).rules()


def test_unloading_off_the_route_is_the_gravest_deviation() -> None:
    drive = Drive().halt(60, door_open=False).to(2000, 0, door_open=False).to(2000, 1500, door_open=False)
    drive.halt(120, door_open=False).halt(300, door_open=True).halt(60, door_open=False)
    (event,) = judged(PLAIN, drive.to(4000, 1500).to(4000, 0).to(6000, 0)).of("route_deviation")
    assert (event.severity, event.facts["reason"]) == (Severity.critical, "unloading")


@pytest.mark.parametrize(
    ("one", "field"),
    [
        (approved(SuppressorKind.breakdown, 10, 5, device_id="van"), "valid_until"),
        (approved(SuppressorKind.approved_place, 0, None), "geometry"),
        (approved(SuppressorKind.detour, 0, None), "trip_id"),
        (
            approved(SuppressorKind.detour, 0, None, geometry={"type": "LineString", "coordinates": [[77, 12]]}, width_m=9.0),
            "geometry",
        ),
        (replace(approved(SuppressorKind.break_window, 0, None), suppressor_id=" "), "suppressor_id"),
        (replace(approved(SuppressorKind.breakdown, 0, None), valid_from=datetime(2026, 3, 2)), "valid_from"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_approved_is_refused_by_name(one: Suppressor, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        replace(PLAIN, suppressors=(one,))
    assert refusal.value.field.startswith("suppressors.0.")
    assert field in refusal.value.field
