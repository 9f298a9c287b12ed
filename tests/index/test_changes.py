"""Adding and removing zones one by one gives the index that building anew gives; validity, schedules, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInputError, NotFoundError
from domain.zones import OpenHours, Schedule, Zone, ZoneKind
from geofence.index import ZoneIndex
from geofence.kernels.cells import LEADS_TO, LISTS_USED, NODES_USED, PIECES_USED, TOUCHED
from tests.index.places import circle, pairs, zone

generator = np.random.default_rng(3)
X, Y = generator.uniform(77.0, 77.3, 3000), generator.uniform(12.9, 13.2, 3000)


def some_zone(seed: int) -> Zone:
    """A circle, area or corridor."""
    dice = np.random.default_rng(seed)
    x, y = float(dice.uniform(77.0, 77.3)), float(dice.uniform(12.9, 13.2))
    if seed % 3 == 0:
        return circle(x, y, float(dice.uniform(20.0, 3000.0)), str(seed))
    steps = dice.normal(0.0, 0.01, (12, 2)).cumsum(axis=0)
    steps += (x, y)
    if seed % 3 == 1:
        return zone(shapely.LineString(steps), str(seed), width_m=float(dice.uniform(20.0, 300.0)))
    return zone(shapely.Polygon(steps), str(seed))


def by_name(index: ZoneIndex) -> set[tuple[int, str]]:
    """(place, zone id) pairs."""
    named = {number: held.zone_id for number, held in enumerate(index.zones) if held is not None}
    return {(point, named[number]) for point, number in pairs(index.covers(X, Y))}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=60))
def test_any_order_of_changes_gives_the_index_built_anew(changes: list[tuple[bool, int]]) -> None:
    index = ZoneIndex()
    there: dict[int, int] = {}
    for add, seed in changes:
        if add and seed not in there:
            there[seed] = index.add(some_zone(seed))
        elif not add and seed in there:
            index.remove(there.pop(seed))
    assert len(index) == len(there)
    assert by_name(index) == by_name(ZoneIndex([some_zone(seed) for seed in there]))


def test_an_emptied_index_keeps_nothing() -> None:
    index = ZoneIndex([some_zone(seed) for seed in range(60)])
    for number in range(60):
        index.remove(number)
    assert not index.arrays.root.any()
    before = index._used[[NODES_USED, LISTS_USED, PIECES_USED]].copy()
    index.add_all([some_zone(seed) for seed in range(60)])
    assert (index._used[[NODES_USED, LISTS_USED, PIECES_USED]] == before).all()
    assert index._edge_room.end > 0


def test_what_a_cell_has_touched_goes_with_the_zone() -> None:
    index = ZoneIndex([circle(77.5, 13.0, 60.0, "stays")])
    before = index.arrays.nodes[index.arrays.nodes[:, LEADS_TO] != 0].copy()
    for more in (circle(77.5003, 13.0003, 60.0), zone(shapely.box(77.4995, 12.9995, 77.5001, 13.0004))):
        number = index.add(more)
        assert (index.arrays.nodes[index.arrays.nodes[:, LEADS_TO] != 0] != before).any()
        index.remove(number)
    after = index.arrays.nodes
    assert sorted(after[after[:, LEADS_TO] != 0][:, TOUCHED]) == sorted(before[:, TOUCHED])


def test_room_given_back_is_used_again() -> None:
    index = ZoneIndex([some_zone(seed) for seed in range(30)])
    size = sum(array.nbytes for array in index.arrays)
    for seed in range(30, 300):
        index.remove(seed % 30)
        index.add(some_zone(seed % 30))
    assert sum(array.nbytes for array in index.arrays) <= size * 1.6


def test_there_is_nothing_to_remove() -> None:
    index = ZoneIndex([some_zone(0)])
    index.remove(0)
    for number in (0, 1, -1):
        with pytest.raises(NotFoundError):
            index.remove(number)


def test_versions_of_a_zone_by_validity() -> None:
    moved = datetime(2026, 3, 1, tzinfo=UTC)
    index = ZoneIndex(
        [circle(77.5, 13.0, 100.0, "home", valid_until=moved), circle(77.6, 13.0, 100.0, "home", valid_from=moved)]
    )
    x, y = np.array([77.5, 77.6]), np.array([13.0, 13.0])
    assert pairs(index.covers(x, y)) == {(0, 0), (1, 1)}
    assert pairs(index.covers(x, y, index.at(moved - timedelta(microseconds=1)))) == {(0, 0)}
    assert pairs(index.covers(x, y, index.at(moved))) == {(1, 1)}
    each = np.concatenate((index.at(moved), index.at(moved)))
    assert pairs(index.covers(x, y, each)) == {(1, 1)}


@settings(max_examples=200, deadline=None)
@given(
    st.timedeltas(timedelta(0), timedelta(days=2190)),
    st.sampled_from(["Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.lists(st.tuples(st.integers(0, 6), st.times(), st.times()), min_size=1, max_size=4),
)
def test_schedules_go_by_the_local_clock(since: timedelta, name: str, hours: list[tuple[int, time, time]]) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + since
    schedule = Schedule(name, tuple(OpenHours(*window) for window in hours))
    index = ZoneIndex([circle(77.5, 13.0, 100.0, schedule=schedule)])
    local = moment.astimezone(ZoneInfo(name))
    expected = False
    for weekday, opens, closes in hours:
        clock = local.time()
        if closes > opens:
            expected |= local.weekday() == weekday and opens <= clock < closes
        else:
            expected |= (local.weekday() == weekday and clock >= opens) or (
                (local.weekday() - 1) % 7 == weekday and clock < closes
            )
    found = pairs(index.covers(np.array([77.5]), np.array([13.0]), index.at(moment)))
    assert bool(found) == expected


@pytest.mark.parametrize(
    ("geometry", "more", "field"),
    [
        ({"type": "Point", "coordinates": [77.5, 13.0]}, {}, "zones.z.radius_m"),
        ({"type": "Point", "coordinates": [77.5, 13.0]}, {"radius_m": -1.0}, "zones.z.radius_m"),
        ({"type": "Point", "coordinates": [77.5, 93.0]}, {"radius_m": 10.0}, "zones.z.geometry"),
        ({"type": "Point", "coordinates": [float("nan"), 3.0]}, {"radius_m": 10.0}, "zones.z.geometry"),
        ({"type": "Point", "coordinates": []}, {"radius_m": 10.0}, "zones.z.geometry"),
        ({"type": "LineString", "coordinates": [[77.5, 13.0], [77.6, 13.0]]}, {}, "zones.z.width_m"),
        ({"type": "LineString", "coordinates": [[77.5, 13.0]]}, {"width_m": 5.0}, "zones.z.geometry"),
        ({"type": "Polygon", "coordinates": [[[77.5, 13.0], [77.6, 13.0]]]}, {}, "zones.z.geometry"),
        ({"type": "Polygon", "coordinates": [[[77.5, 13.0], [77.6, 13.0], [77.6, 113.0]]]}, {}, "zones.z.geometry"),
        ({"type": "Polygon", "coordinates": [[["a", 13.0], [77.6, 13.0], [77.6, 13.0]]]}, {}, "zones.z.geometry"),
        ({"type": "Polygon", "coordinates": []}, {}, "zones.z.geometry"),
        ({"type": "Curve", "coordinates": []}, {}, "zones.z.geometry.type"),
        ({"coordinates": []}, {}, "zones.z.geometry.type"),
        (
            {"type": "Point", "coordinates": [77.5, 13.0]},
            {"radius_m": 1.0, "valid_from": datetime(2026, 1, 2, tzinfo=UTC), "valid_until": datetime(2026, 1, 1, tzinfo=UTC)},
            "zones.z.valid_until",
        ),
        (
            {"type": "Point", "coordinates": [77.5, 13.0]},
            {"radius_m": 1.0, "schedule": Schedule("Mars/Base", ())},
            "zones.z.schedule.time_zone",
        ),
    ],
)
def test_a_zone_that_makes_no_sense_is_refused_by_field(geometry: dict[str, Any], more: dict[str, Any], field: str) -> None:
    index = ZoneIndex([some_zone(0)])
    with pytest.raises(InvalidInputError) as refusal:
        index.add(Zone("z", "z", ZoneKind.territory, geometry, **more))
    assert refusal.value.field == field
    assert len(index) == 1


def test_places_that_are_none() -> None:
    index = ZoneIndex([zone(shapely.box(-180.0, -90.0, 180.0, 90.0))])
    x = np.array([np.nan, 0.0, np.inf, 181.0, 0.0, 180.0, -180.0])
    y = np.array([0.0, np.nan, 0.0, 0.0, 90.1, 90.0, -90.0])
    assert pairs(index.covers(x, y)) == {(5, 0), (6, 0)}
    assert pairs(ZoneIndex().covers(x, y)) == set()
