"""Places that return over weeks: clusters against scikit-like brute force, and habits against accidents."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Event, Severity
from domain.zones import ZoneKind
from geofence.afterwards import Records, approved_places, judge_afterwards
from geofence.clusters import NOISE, cluster
from geofence.kernels.ground import metres
from geofence.parameters import Parameters
from geofence.rows import to_us
from geofence.rulebook import resolve
from geofence.rules.collusion_cluster import OddHalt, find_clusters, odd_halts
from tests.geofence.scene import START, place, round_zone

VALUES = resolve(Parameters(), "0", None)
_HOUR_US = 3_600_000_000


def halt(day: float, x: float = 0.0, y: float = 0.0, device: str = "van", **who: str) -> OddHalt:
    longitude, latitude = place(x, y)
    at_us = to_us(START) + round(day * 24 * _HOUR_US)
    return OddHalt(device, at_us, at_us + _HOUR_US // 4, longitude, latitude, f"{device} {day} {x}", who)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.integers(0, 60)), max_size=25))
def test_clusters_are_those_of_the_definition(points: list[tuple[float, float, int]]) -> None:
    """Cores within reach of each other are together, borders are with one of their cores, the rest is noise."""
    places = [place(x, y) for x, y, _ in points]
    days = [day for _, _, day in points]
    labels = cluster([p[0] for p in places], [p[1] for p in places], days, within_m=75, within_us=28, least_points=3)
    apart = np.array([[metres(a[0] * 1e7, a[1] * 1e7, b[0] * 1e7, b[1] * 1e7) for b in places] for a in places]).reshape(
        len(places), len(places)
    )
    if np.any(np.abs(apart - 75) < 1):
        return
    near = (apart <= 75) & (np.abs(np.subtract.outer(days, days)) <= 28)
    cores = near.sum(axis=1) >= 3
    for one in range(len(points)):
        beside = np.flatnonzero(near[one] & cores)
        assert (labels[one] == NOISE) == (len(beside) == 0)
        if len(beside):
            assert labels[one] in labels[beside]
        if cores[one]:
            assert set(labels[beside]) == {labels[one]}
    reached = {one: {one} for one in range(len(points)) if cores[one]}
    for _ in points:
        for others in reached.values():
            others |= {third for other in tuple(others) for third in reached if near[other][third]}
    for one, others in reached.items():
        assert others == {other for other in reached if labels[other] == labels[one]}


def test_across_the_date_line_near_is_near() -> None:
    labels = cluster([179.9999, -179.9999, 180.0], [0.0, 0.0, 0.0], [0, 0, 0], within_m=75, within_us=1, least_points=3)
    assert labels.tolist() == [0, 0, 0]
    assert len(cluster([], [], [], within_m=75, within_us=1, least_points=3)) == 0


def test_three_days_at_one_place_are_a_habit() -> None:
    halts = [halt(0), halt(1, 30, 10), halt(5, -20, 20), halt(2, 4000, 0), halt(3, 2000, 500)]
    (event,) = find_clusters(halts, VALUES)
    assert (event.rule, event.device_id, event.severity, event.trip_id) == ("collusion_cluster", "van", "high", None)
    assert (event.started_at, event.detected_at) == (START, START + timedelta(days=5, minutes=15))
    assert (event.facts["halts"], len(event.facts["days"]), event.facts["subject"]) == (3, 3, "vehicle")
    more = [*halts, halt(6), halt(7), halt(8)]
    Random(1).shuffle(more)
    (later,) = find_clusters(more, VALUES)
    assert (later.event_id, later.severity, later.detected_at) == (event.event_id, "critical", event.detected_at)


def test_what_is_no_habit() -> None:
    assert find_clusters([halt(0), halt(0.1), halt(0.2), halt(1)], VALUES) == []
    assert find_clusters([halt(0), halt(1), halt(2, 400, 0)], VALUES) == []
    assert find_clusters([halt(0), halt(20), halt(40)], VALUES) == []
    everybody = [halt(day, device=f"van{n}") for n in range(4) for day in (0, 1, 2)]
    assert find_clusters(everybody, VALUES) == []
    assert len(find_clusters(everybody[:9], VALUES)) == 3
    zone = round_zone("rest", 0, 0, 200, ZoneKind.rest)
    assert find_clusters([halt(0), halt(1), halt(2)], VALUES, approved_places([zone])) == []
    red = round_zone("red", 0, 0, 200, ZoneKind.red)
    assert len(find_clusters([halt(0), halt(1), halt(2)], VALUES, approved_places([red]))) == 1


def test_a_driver_who_changes_vans_is_told_too_but_not_twice_for_one() -> None:
    changing = [halt(day, device=f"van{day}", driver="ann") for day in (0, 1, 2)]
    (event,) = find_clusters(changing, VALUES)
    assert (event.facts["subject"], event.facts["name"], event.device_id) == ("driver", "ann", "van2")
    faithful = [halt(day, driver="ann", helper="bob") for day in (0, 1, 2)]
    (event,) = find_clusters(faithful, VALUES)
    assert event.facts["subject"] == "vehicle"
    helping = [halt(day, device=f"van{day}", driver=f"d{day}", helper="bob") for day in (0, 1, 2)]
    (event,) = find_clusters(helping, VALUES)
    assert (event.facts["subject"], event.facts["name"]) == ("helper", "bob")


def test_days_are_local() -> None:
    east = [OddHalt("van", to_us(START) + hours * _HOUR_US, 0, 150.0, 0.0, str(hours)) for hours in (0, 7, 17)]
    assert math.isclose(east[0].longitude_deg, 150)
    assert len({one.day for one in east}) == 2  # 16:00, 23:00 and 9:00 there


def test_halts_are_those_that_rules_told_of_each_once() -> None:
    def told(rule: str, day: int, **facts: float) -> Event:
        begin = START + timedelta(days=day)
        return Event(f"{rule}{day}", rule, Severity.high, "van", "t", None, begin, begin, begin, 0.9, facts=facts)

    longitude, latitude = place(0, 0)
    here = {"longitude_deg": longitude, "latitude_deg": latitude}
    events = [told("unscheduled_stop", day, **here) for day in range(3)]
    events += [told("unscheduled_unloading", 0, **here), told("overspeed", 7, **here), told("unscheduled_stop", 9)]
    assert len(odd_halts(events)) == 3
    found = judge_afterwards(events, Records(), Parameters())
    assert [event.rule for event in found] == ["collusion_cluster"]
    assert judge_afterwards(events, Records(), Parameters({"collusion_cluster.least_days": 4.0})) == []
