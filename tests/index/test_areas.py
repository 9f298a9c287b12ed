"""Areas cover exactly what shapely says they cover."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geofence.index import ZoneIndex
from geofence.index.outlines import repair_areas
from geofence.kernels.cells import LEADS_TO, NODE_SLOTS, NODES_USED, ONE, ONE_AT, TAG
from geofence.kernels.pieces import EDGES
from tests.index.places import lattice, pairs, shapely_pairs, zone

WARDS = Path(os.environ.get("BEATWATCH_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / (
    "polygons/bangalore_wards243.geojson"
)

Ring = list[tuple[float, float]]

coarse = st.tuples(lattice(77.0, 77.2, 0.01), lattice(12.9, 13.1, 0.01))
fine = st.tuples(lattice(77.59, 77.61, 1e-7), lattice(12.97, 12.99, 1e-7))
normal = st.floats(-89.0, 89.0).filter(lambda value: value == 0.0 or abs(value) > 1e-150)
anywhere = st.tuples(normal, normal)
rings = st.one_of(*(st.lists(places, min_size=3, max_size=9).map(shapely.Polygon) for places in (coarse, fine, anywhere)))


def telling_places(areas: list[BaseGeometry]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices, middles of edges, float neighbours of both, and centres: where an answer is easiest to get wrong."""
    coordinates = np.vstack([shapely.get_coordinates(area) for area in areas])
    middles = (coordinates[1:] + coordinates[:-1]) / 2.0
    thirds = coordinates[:-1] + (coordinates[1:] - coordinates[:-1]) / 3.0
    base = np.vstack((coordinates, middles, thirds))
    near = [np.nextafter(base, direction) for direction in (-np.inf, np.inf)]
    mixed = np.column_stack((near[0][:, 0], near[1][:, 1]))
    everything = np.vstack((base, *near, mixed))
    # Below 1e-150 degrees (1e-145 m) products underflow, and GEOS itself sees points on edges that they are beside.
    tiny = (np.abs(everything) < 1e-150) & (everything != 0.0)
    x, y = np.where(tiny, np.copysign(1e-150, everything), everything).T
    return np.clip(x, -180.0, 180.0), np.clip(y, -90.0, 90.0)


@settings(max_examples=300, deadline=None)
@given(st.lists(rings, min_size=1, max_size=4))
def test_repaired_rings_cover_what_shapely_says(polygons: list[BaseGeometry]) -> None:
    areas = [shapely.make_valid(polygon) for polygon in polygons]
    index = ZoneIndex([zone(polygon, str(place)) for place, polygon in enumerate(polygons)])
    x, y = telling_places(polygons)
    assert pairs(index.covers(x, y)) == shapely_pairs(areas, x, y)


@settings(max_examples=100, deadline=None)
@given(st.lists(coarse, min_size=3, max_size=8), st.lists(coarse, min_size=3, max_size=8), st.lists(coarse, max_size=20))
def test_holes_and_parts(
    outer: list[tuple[float, float]], inner: list[tuple[float, float]], more: list[tuple[float, float]]
) -> None:
    area = shapely.make_valid(shapely.Polygon(outer)).symmetric_difference(shapely.make_valid(shapely.Polygon(inner)).buffer(0))
    if area.is_empty or area.geom_type not in ("Polygon", "MultiPolygon") or not area.is_valid:
        return
    x, y = telling_places([area])
    x, y = np.append(x, [p[0] for p in more]), np.append(y, [p[1] for p in more])
    assert pairs(ZoneIndex([zone(area)]).covers(x, y)) == shapely_pairs([area], x, y)


def entries(index: ZoneIndex) -> list[int]:
    """Entries that stand alone in their cells."""
    nodes = index.arrays.nodes[: index._used[NODES_USED] * NODE_SLOTS, LEADS_TO]
    return [int(slot) >> ONE_AT for slot in nodes[nodes & TAG == ONE]]


def blob(generator: np.random.Generator, corners: int, reach_deg: float, spread_deg: float = 0.03) -> BaseGeometry:
    """An area about a place with a hole, which may be invalid when it has few corners."""
    angle = np.sort(generator.random(corners)) * 2.0 * np.pi
    ring = np.column_stack((np.cos(angle), np.sin(angle))) * reach_deg * generator.uniform(0.6, 1.0, corners)[:, None]
    middle = generator.uniform((77.0, 12.9), (77.0 + spread_deg, 12.9 + spread_deg))
    return shapely.Polygon(ring + middle, [ring * 0.4 + middle])


def next_to_edges(generator: np.random.Generator, areas: list[BaseGeometry]) -> np.ndarray:
    """Places millimetres to metres from corners and edges, and among the cells: some quick to decide, and some not."""
    vertices = np.vstack([shapely.get_coordinates(area) for area in areas])
    along = vertices[:-1] + generator.random((len(vertices) - 1, 1)) * np.diff(vertices, axis=0)
    off = [vertices + generator.normal(0.0, size, vertices.shape) for size in (1e-9, 1e-7, 1e-6, 1e-5)]
    off += [along + generator.normal(0.0, size, along.shape) for size in (1e-9, 1e-7, 1e-6, 1e-5, 1e-3)]
    return np.vstack(off).T.copy()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-4, 1e-3, 1e-2, 0.3, 3.0]), st.integers(3, 80))
def test_next_to_edges(seed: int, reach_deg: float, corners: int) -> None:
    generator = np.random.default_rng(seed)
    polygons = [blob(generator, corners, reach_deg) for _ in range(6)]
    areas = [shapely.make_valid(polygon) for polygon in polygons]
    x, y = next_to_edges(generator, areas)
    index = ZoneIndex([zone(polygon, str(place)) for place, polygon in enumerate(polygons)])
    assert pairs(index.covers(x, y)) == shapely_pairs(areas, x, y)


def test_many_places_in_blocks_and_places_that_are_nowhere() -> None:
    generator = np.random.default_rng(5)
    polygons = [blob(generator, 40, 0.004, 0.2) for _ in range(150)]
    areas = [shapely.make_valid(polygon) for polygon in polygons]
    index = ZoneIndex([zone(polygon, str(place)) for place, polygon in enumerate(polygons)])
    assert len(index.arrays.pieces) > 4096
    x, y = next_to_edges(generator, areas)[:, :20_000]
    x[7], y[9], x[11] = np.nan, 95.0, 500.0
    assert pairs(index.covers(x, y)) == shapely_pairs(areas, x, y)


def test_few_places_need_all_edges() -> None:
    generator = np.random.default_rng(3)
    index = ZoneIndex([zone(blob(generator, 40, 0.004), str(place)) for place in range(20)])
    heads = {int(slot) >> 2 for slot in entries(index) if int(slot) & 3 == 2}
    pieces = index.arrays.pieces
    assert len(heads) > 100
    assert np.mean([pieces[head, EDGES] > 1 for head in heads]) > 0.9


def ring(generator: np.random.Generator) -> np.ndarray:
    """A ring without crossings."""
    angle = np.sort(generator.random(12)) * 2.0 * np.pi
    reach_deg = generator.uniform(0.001, 0.02) * generator.uniform(0.7, 1.0, 12)
    middle = generator.uniform((77.5, 12.9), (77.54, 12.94))
    return np.column_stack((np.cos(angle), np.sin(angle))) * reach_deg[:, None] + middle


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_holes_outside_within_each_other_and_across(seed: int) -> None:
    generator = np.random.default_rng(seed)
    polygon = shapely.Polygon(ring(generator), [ring(generator) for _ in range(generator.integers(1, 4))])
    area = shapely.make_valid(polygon)
    index = ZoneIndex([zone(polygon)])
    assert len(index.repairs) == (not polygon.is_valid)
    near, far = next_to_edges(generator, [polygon, area]), telling_places([area])
    x, y = np.concatenate((near[0], far[0])), np.concatenate((near[1], far[1]))
    assert pairs(index.covers(x, y)) == shapely_pairs([area], x, y)


def test_what_need_not_be_made_valid() -> None:
    """A hole outside, one within another, and one that touches its shell: the first two are only named otherwise."""
    outer, inside, deeper = (shapely.box(77.0, 13.0, 77.0 + size, 13.0 + size).exterior.coords for size in (0.3, 0.2, 0.1))
    middle = [(x + 0.05, y + 0.05) for x, y in inside], [(x + 0.1, y + 0.1) for x, y in deeper]
    outside = [(x + 1.0, y) for x, y in deeper]
    for holes, repaired_in_place in (([outside], True), ([*middle], True), ([outer], False), ([deeper], False)):
        polygon = shapely.Polygon(outer, holes)
        areas = [polygon]
        assert len(repair_areas(areas, ["z"])) == (not polygon.is_valid)
        assert (areas[0] is polygon) == repaired_in_place or polygon.is_valid
        made = shapely.make_valid(polygon)
        x, y = telling_places([polygon])
        assert pairs(ZoneIndex([zone(polygon)]).covers(x, y)) == shapely_pairs([made], x, y)


@pytest.mark.skipif(not WARDS.exists(), reason=f"{WARDS} is not there")
def test_wards_of_a_city() -> None:
    features = json.loads(WARDS.read_text())["features"]
    areas = [shapely.make_valid(shapely.geometry.shape(feature["geometry"])) for feature in features]
    index = ZoneIndex([zone(feature["geometry"], str(place)) for place, feature in enumerate(features)])
    assert len(index.repairs) == 6
    generator = np.random.default_rng(7)
    vertices = np.vstack([shapely.get_coordinates(area) for area in areas])
    middles = (vertices[1:] + vertices[:-1]) / 2.0
    scattered = generator.uniform((77.4, 12.8), (77.8, 13.2), (20_000, 2))
    x, y = np.vstack((vertices[::20], middles[::20], scattered)).T.copy()
    assert pairs(index.covers(x, y)) == shapely_pairs(areas, x, y)
