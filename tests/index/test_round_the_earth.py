"""The anti-meridian and the poles: the same place is in the same zones by whatever longitude it is written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geofence.index import ZoneIndex
from tests.index.crossing import crossed
from tests.index.places import circle, lattice, pairs, zone

FIJI = [(179.5, -18.0), (180.5, -18.0), (180.5, -17.0), (179.5, -17.0)]


def turned(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The ring with longitudes beyond the anti-meridian written as western ones."""
    return [(x - 360.0 if x > 180.0 else x, y) for x, y in ring]


def cut(area: shapely.Polygon) -> shapely.Geometry:
    """An area beyond the anti-meridian cut in two at it, as RFC 7946 asks."""
    east = area.intersection(shapely.box(0.0, -90.0, 180.0, 90.0))
    west = shapely.transform(area.intersection(shapely.box(180.0, -90.0, 360.0, 90.0)), lambda xy: xy - (360.0, 0.0))
    parts = [*shapely.get_parts(east), *shapely.get_parts(west)]
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


rings = st.lists(st.tuples(lattice(179.0, 181.0, 0.125), lattice(-18.0, -16.0, 0.125)), min_size=3, max_size=7)
crossing = (
    rings.map(shapely.Polygon)
    .filter(lambda area: area.is_valid and area.bounds[0] < 180.0 < area.bounds[2])
    .filter(lambda area: cut(area).is_valid)
)


@settings(max_examples=150, deadline=None)
@given(crossing, st.lists(st.tuples(lattice(179.0, 181.0, 0.0625), lattice(-18.0, -16.0, 0.0625)), min_size=1, max_size=40))
def test_three_ways_to_write_an_area_across(area: shapely.Polygon, places: list[tuple[float, float]]) -> None:
    ring = list(shapely.get_coordinates(area).tolist())
    halves = cut(area)
    ways = [zone(area), zone(shapely.Polygon(turned(ring))), zone(shapely.Polygon([(x - 360.0, y) for x, y in ring]))]
    index = ZoneIndex([*ways, zone(halves)])
    x, y = np.array(turned(places)).T.copy()
    covered = np.flatnonzero(shapely.covers(area, shapely.points(places))).tolist()
    either = [shapely.covers(halves, shapely.points(x + turn, y)) for turn in (-360.0, 0.0, 360.0)]
    expected = {(point, way) for point in covered for way in range(3)}
    expected |= {(point, 3) for point in np.flatnonzero(np.any(either, axis=0)).tolist()}
    assert pairs(index.covers(x, y)) == expected
    metres = [index.signed_distance_m(way, x, y) for way in range(4)]
    for other in metres[1:]:
        np.testing.assert_allclose(np.abs(other), np.abs(metres[0]), atol=0.01, rtol=1e-5)


def test_both_longitudes_of_the_anti_meridian() -> None:
    index = ZoneIndex([zone(shapely.box(179.0, 0.0, 180.0, 1.0)), zone(shapely.box(-180.0, 0.0, -179.0, 1.0))])
    assert pairs(index.covers(np.array([180.0, -180.0, 0.0]), np.array([0.5, 0.5, 0.5]))) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_circles_and_corridors_across() -> None:
    index = ZoneIndex(
        [
            circle(180.0, -17.0, 20_000.0),
            circle(-179.999, -17.0, 500.0),
            zone({"type": "LineString", "coordinates": [[179.9, -17.0], [-179.9, -17.0]]}, width_m=1000.0),
        ]
    )
    x, y = np.array([179.999, -179.999, 179.95, -179.95, 0.0]), np.full(5, -17.0)
    assert pairs(index.covers(x, y)) == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (3, 0), (3, 2)}
    crossing = crossed(index, np.array([179.98]), np.array([-17.1]), np.array([-179.98]), np.array([-16.9]))
    assert pairs(crossing) == {(0, 0), (0, 1), (0, 2)}
    near = index.near(np.array([-179.9]), np.array([-17.0]), 10_000.0)
    assert near[1].tolist() == [0, 2]


def test_a_circle_about_a_pole_holds_all_longitudes() -> None:
    index = ZoneIndex([circle(0.0, 90.0, 200_000.0), circle(50.0, -89.9, 30_000.0)])
    x = np.array([0.0, 90.0, -135.0, 180.0, 10.0, -130.0, 50.0, 77.0])
    y = np.array([89.0, 89.0, 89.0, 89.0, 88.0, -89.9, -89.7, -90.0])
    assert pairs(index.covers(x, y)) == {(0, 0), (1, 0), (2, 0), (3, 0), (5, 1), (6, 1), (7, 1)}


def test_a_ring_round_a_pole_is_closed_over_it() -> None:
    index = ZoneIndex([zone(shapely.Polygon([(0.0, -70.0), (90.0, -70.0), (180.0, -70.0), (-90.0, -70.0)]))])
    x, y = np.array([10.0, -170.0, 180.0, 45.0, 45.0]), np.array([-80.0, -89.0, -90.0, -70.0, -69.9])
    assert pairs(index.covers(x, y)) == {(0, 0), (1, 0), (2, 0), (3, 0)}


@pytest.mark.parametrize("box", [(-180.0, -90.0, 180.0, 90.0), (-180.0, 80.0, 180.0, 90.0), (-60.0, -89.0, 125.0, 89.0)])
def test_wide_boxes_stay_what_they_are(box: tuple[float, float, float, float]) -> None:
    generator = np.random.default_rng(5)
    x, y = generator.uniform(-179.9, 179.9, 5000), generator.uniform(-90.0, 90.0, 5000)
    area = shapely.box(*box)
    found = pairs(ZoneIndex([zone(area)]).covers(x, y))
    assert {point for point, _ in found} == set(np.flatnonzero(shapely.covers(area, shapely.points(x, y))).tolist())


def test_the_edges_of_the_map_are_no_boundary() -> None:
    index = ZoneIndex([zone(shapely.box(-180.0, 60.0, 180.0, 90.0))])
    metres = index.signed_distance_m(0, np.array([180.0, 0.0, -180.0]), np.array([61.0, 89.9, 59.0]))
    assert metres[0] == pytest.approx(-111_420.0, abs=200.0)
    assert metres[1] < -3_000_000.0
    assert metres[2] == pytest.approx(111_410.0, abs=200.0)


EARTH = Geod(ellps="WGS84")


def metres_to(outline: shapely.LineString, x: float, y: float) -> float:
    """Distance to a line on the map by geodesics to many places along it, and to more about the nearest of them."""
    corners = shapely.get_coordinates(outline)
    best = np.inf
    for start, end in pairwise(corners):
        low, high = 0.0, 1.0
        for _ in range(3):
            shares = np.linspace(low, high, 801)
            along = start + shares[:, None] * (end - start)
            metres = EARTH.inv(np.full(801, x), np.full(801, y), along[:, 0], along[:, 1])[2]
            nearest = int(metres.argmin())
            low, high = shares[max(0, nearest - 1)], shares[min(800, nearest + 1)]
            best = min(best, float(metres.min()))
    return best


@pytest.mark.parametrize(
    ("shape", "about"),
    [
        (shapely.box(20.0, 89.2, 30.0, 89.7), (0.0, 60.0, 89.0, 90.0)),
        (shapely.box(-60.0, 89.0, 60.0, 89.5), (-180.0, 180.0, 88.5, 90.0)),
        (shapely.box(-5.0, -89.9, 5.0, -89.5), (-180.0, 180.0, -90.0, -89.0)),
        (shapely.Polygon([(0.0, 89.1), (80.0, 89.3), (40.0, 89.8)]), (-180.0, 180.0, 88.5, 90.0)),
        (shapely.LineString([(0.0, 89.1), (80.0, 89.3), (40.0, 89.8)]), (-180.0, 180.0, 88.5, 90.0)),
        (shapely.box(10.0, 80.0, 14.0, 81.0), (5.0, 20.0, 79.0, 82.0)),
        (shapely.Polygon([(179.9, 10.0), (180.1, 10.0), (180.05, 10.2)]), (179.5, 180.5, 9.8, 10.4)),
    ],
)
def test_distances_near_poles_and_across_the_anti_meridian(
    shape: shapely.Geometry, about: tuple[float, float, float, float]
) -> None:
    generator = np.random.default_rng(7)
    x, y = generator.uniform(*about[:2], 25), generator.uniform(*about[2:], 25)
    x = np.where(x > 180.0, x - 360.0, x)
    is_line = shape.geom_type == "LineString"
    width_m = 5000.0
    index = ZoneIndex([zone(shape, width_m=width_m) if is_line else zone(shape)])
    signed_m = index.signed_distance_m(0, x, y)
    outline = shape if is_line else shape.exterior
    exact_m = np.array([metres_to(outline, *place) for place in zip(x.tolist(), y.tolist(), strict=True)])
    np.testing.assert_allclose(signed_m + width_m if is_line else np.abs(signed_m), exact_m, atol=0.05, rtol=2e-6)
    assert {point for point, _ in pairs(index.covers(x, y))} == set(np.flatnonzero(signed_m <= 0.0).tolist())


def metres_apart(outline: shapely.LineString, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance between a line and a movement on the map: geodesics between many places of both, then about the nearest."""
    best, (low, high) = np.inf, (0.0, 1.0)
    for _ in range(3):
        shares = np.linspace(low, high, 41)
        ways = [(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])) for share in shares.tolist()]
        metres = np.array([metres_to(outline, *place) for place in ways])
        nearest = int(metres.argmin())
        low, high = shares[max(0, nearest - 1)], shares[min(40, nearest + 1)]
        best = min(best, float(metres.min()))
    return best


@pytest.mark.parametrize(
    ("south", "width_m", "radius_m"), [(76.0, 4000.0, 9000.0), (88.5, 4000.0, 9000.0), (-89.9, 300.0, 600.0)]
)
def test_movements_past_circles_and_corridors_near_a_pole(south: float, width_m: float, radius_m: float) -> None:
    generator = np.random.default_rng(11)
    north = south + (1.3 if south > 0.0 else -0.09)
    line = shapely.LineString([(10.0, south), (70.0, north), (140.0, south)])
    centre = (40.0, (south + north) / 2.0)
    index = ZoneIndex([zone(line, width_m=width_m), circle(*centre, radius_m)])
    x1, x2 = generator.uniform(0.0, 70.0, 16), generator.uniform(20.0, 150.0, 16)
    y1, y2 = (generator.uniform(min(south, north), max(south, north), 16) for _ in range(2))
    touched = pairs(crossed(index, x1, y1, x2, y2))
    answers = set()
    for move, (a, b, c, d) in enumerate(zip(x1.tolist(), y1.tolist(), x2.tolist(), y2.tolist(), strict=True)):
        movement = shapely.LineString([(a, b), (c, d)])
        gaps_m = (0.0 if movement.intersects(line) else metres_apart(line, (a, b), (c, d))), metres_to(movement, *centre)
        for number, (gap_m, reach_m) in enumerate(zip(gaps_m, (width_m, radius_m), strict=True)):
            if abs(gap_m - reach_m) > 1.0:
                assert ((move, number) in touched) == (gap_m < reach_m), (move, number, gap_m)
                answers.add((number, gap_m < reach_m))
    assert len(answers) > 2
