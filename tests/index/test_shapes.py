"""Circles and corridors, distances and crossings, against an independent geodesic and shapely."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geofence.index import ZoneIndex
from geofence.kernels.metres import metres_between
from tests.index.crossing import crossed
from tests.index.places import circle, lattice, pairs, zone

EARTH = Geod(ellps="WGS84")
latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)
azimuths = st.floats(0.0, 360.0)


def away(longitude_deg: float, latitude_deg: float, azimuth_deg: float, metres: float) -> tuple[float, float]:
    """The place so many metres away in a direction."""
    x, y, _ = EARTH.fwd(longitude_deg, latitude_deg, azimuth_deg, metres)
    return (x + 180.0) % 360.0 - 180.0, y


def at(*places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Places as two arrays."""
    x, y = np.array(places, dtype=np.float64).T
    return x.copy(), y.copy()


@settings(max_examples=200, deadline=None)
@given(longitudes, latitudes, azimuths, st.floats(0.0, 500_000.0))
def test_metres_are_those_of_the_ellipsoid(x: float, y: float, azimuth: float, metres: float) -> None:
    there = away(x, y, azimuth, metres)
    _, _, exact_m = EARTH.inv(x, y, *there)
    assert abs(metres_between(x, y, *there) - exact_m) <= (0.003 if metres < 100_000.0 else 0.02)


@settings(max_examples=100, deadline=None)
@given(longitudes, latitudes, st.floats(1.0, 200_000.0), st.lists(st.tuples(azimuths, st.floats(0.0, 3.0)), min_size=1))
def test_a_circle_holds_what_is_within_its_radius(
    x: float, y: float, radius_m: float, directions: list[tuple[float, float]]
) -> None:
    index = ZoneIndex([circle(x, y, radius_m)])
    places = [away(x, y, azimuth, share * radius_m) for azimuth, share in directions]
    inside = {point for point, _ in pairs(index.covers(*at(*places)))}
    signed_m = index.signed_distance_m(0, *at(*places))
    for point, place in enumerate(places):
        _, _, exact_m = EARTH.inv(x, y, *place)
        assert abs(signed_m[point] - (exact_m - radius_m)) < 0.1
        assert (signed_m[point] <= 0.0) == (point in inside)
    near = index.near(*at(*places), 1.5 * radius_m)
    expected = {point for point in range(len(places)) if signed_m[point] <= 1.5 * radius_m}
    assert set(near[0].tolist()) == expected


def sampled_metres(line: BaseGeometry, x: float, y: float) -> float:
    """Distance to a line by many geodesics to places along it: at least the true one."""
    fractions = np.linspace(0.0, 1.0, 400)
    along = shapely.get_coordinates(shapely.line_interpolate_point(line, fractions, normalized=True))
    everything = np.vstack((along, shapely.get_coordinates(line)))
    _, _, metres = EARTH.inv(np.full(len(everything), x), np.full(len(everything), y), everything[:, 0], everything[:, 1])
    return float(metres.min())


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0.0, 13.0, -33.0, 60.0]),
    st.lists(st.tuples(st.floats(0.0, 0.02), st.floats(0.0, 0.02)), min_size=2, max_size=6, unique=True),
    st.floats(-0.03, 0.05),
    st.floats(-0.03, 0.05),
    st.floats(20.0, 2000.0),
)
def test_a_corridor_is_what_is_near_its_line(
    south: float, ways: list[tuple[float, float]], east: float, north: float, width_m: float
) -> None:
    line = shapely.LineString([(77.0 + x, south + y) for x, y in ways])
    index = ZoneIndex([zone(line, width_m=width_m)])
    place = at((77.0 + east, south + north))
    signed_m = index.signed_distance_m(0, *place)[0]
    sampled_m = sampled_metres(line, place[0][0], place[1][0])
    spacing_m = 2.0 * line.length * 111_700.0 / 399
    assert sampled_m - spacing_m - 0.1 <= signed_m + width_m <= sampled_m + 0.1
    assert bool(pairs(index.covers(*place))) == (signed_m <= 0.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(lattice(77.0, 77.05, 0.005), lattice(13.0, 13.05, 0.005)), min_size=3, max_size=7),
    st.floats(76.97, 77.08),
    st.floats(12.97, 13.08),
    st.floats(1.0, 20_000.0),
)
def test_distance_to_an_area(ring: list[tuple[float, float]], x: float, y: float, limit_m: float) -> None:
    area = shapely.make_valid(shapely.Polygon(ring))
    if area.geom_type not in ("Polygon", "MultiPolygon"):
        return
    index = ZoneIndex([zone(area)])
    signed_m = index.signed_distance_m(0, *at((x, y)))[0]
    boundary_m = min(sampled_metres(part, x, y) for part in shapely.get_parts(area.boundary))
    spacing_m = 2.0 * area.boundary.length * 111_700.0 / 399
    assert boundary_m - spacing_m - 0.1 <= abs(signed_m) <= boundary_m + 0.1
    assert (signed_m <= 0.0) == bool(shapely.covers(area, shapely.Point(x, y)))
    cut_m = index.signed_distance_m(0, *at((x, y)), limit_m=limit_m)[0]
    assert cut_m == pytest.approx(max(-limit_m, min(limit_m, signed_m)), abs=1e-6)


places = st.tuples(lattice(77.0, 77.2, 0.01), lattice(12.9, 13.1, 0.01))
steps = st.tuples(places, places).filter(lambda step: step[0] != step[1])  # shapely finds no line of no length anywhere


@settings(max_examples=200, deadline=None)
@given(st.lists(places, min_size=3, max_size=7), st.lists(steps, min_size=1, max_size=20))
def test_movements_touch_the_areas_that_shapely_says(
    ring: list[tuple[float, float]], movements: list[tuple[tuple[float, float], tuple[float, float]]]
) -> None:
    area = shapely.make_valid(shapely.Polygon(ring))
    index = ZoneIndex([zone(shapely.Polygon(ring))])
    start, end = at(*(movement[0] for movement in movements)), at(*(movement[1] for movement in movements))
    touched = {point for point, _ in pairs(crossed(index, *start, *end))}
    lines = shapely.linestrings([list(movement) for movement in movements])
    assert touched == set(np.flatnonzero(shapely.intersects(area, lines)).tolist())


@settings(max_examples=100, deadline=None)
@given(azimuths, azimuths, st.floats(0.0, 300.0), st.floats(100.0, 5000.0))
def test_a_movement_past_a_circle(azimuth: float, turn: float, miss_m: float, length_m: float) -> None:
    """A straight way that passes the centre at `miss_m`, half before and half after."""
    x, y, radius_m = 77.5, 13.0, 150.0
    passing = away(x, y, azimuth, miss_m)
    ends = [away(*passing, azimuth + side, length_m) for side in (90.0, -90.0)]
    touched = bool(pairs(crossed(ZoneIndex([circle(x, y, radius_m)]), *at(ends[0]), *at(ends[1]))))
    if abs(miss_m - radius_m) > 0.5:
        assert touched == (miss_m < radius_m)


def test_a_sparse_track_cannot_jump_over_a_corridor() -> None:
    index = ZoneIndex([zone(shapely.LineString([(77.5, 12.9), (77.5, 13.1)]), width_m=30.0)])
    assert pairs(crossed(index, *at((77.4, 13.0)), *at((77.6, 13.001)))) == {(0, 0)}
    assert pairs(crossed(index, *at((77.4, 13.0)), *at((77.4997, 13.0)))) == set()
    assert pairs(crossed(index, *at((77.4, 13.0)), *at((77.49973, 13.0)))) == {(0, 0)}


def test_nearest_first() -> None:
    index = ZoneIndex([circle(77.5, 13.0, 50.0, "far"), circle(77.501, 13.0, 50.0, "near"), circle(80.0, 13.0, 50.0)])
    points, numbers, metres = index.near(*at((77.502, 13.0)), 500.0)
    assert (points.tolist(), numbers.tolist()) == ([0, 0], [1, 0])
    assert metres[0] == pytest.approx(EARTH.inv(77.502, 13.0, 77.501, 13.0)[2] - 50.0, abs=0.001)
    assert not math.isnan(metres[1])
