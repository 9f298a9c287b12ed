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
