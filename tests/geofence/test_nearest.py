"""The zones named as evidence are the nearest ones, however far the search had to go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.zones import ZoneKind
from geofence.index import ZoneIndex
from geofence.kernels.nearest import nearest_zones
from geofence.rows import to_us
from tests.geofence.scene import START, place, round_zone

_REACH_M = 1000.0


@given(
    st.lists(st.tuples(st.integers(-1500, 1500), st.integers(-1500, 1500), st.integers(10, 1400)), max_size=12),
    st.integers(-900, 900),
    st.integers(-900, 900),
)
def test_the_nearest_zones_are_those_of_a_search_through_all(
    circles: list[tuple[int, int, int]], east_m: int, north_m: int
) -> None:
    zones = [round_zone(f"z{n}", x, y, radius, ZoneKind.parking) for n, (x, y, radius) in enumerate(circles)]
    index = ZoneIndex(zones)
    lon, lat = place(east_m, north_m)
    fix = np.array([[to_us(START), round(lon * 1e7), round(lat * 1e7)]], np.int64)
    numbers, apart_m = nearest_zones(index.arrays, index.scratch(), fix, _REACH_M, 3)
    at = np.array([1e-7 * fix[0, 1]]), np.array([1e-7 * fix[0, 2]])
    signed = [float(index.signed_distance_m(n, *at)[0]) for n in range(len(zones))]
    expected = sorted((max(metres, -_REACH_M), n) for n, metres in enumerate(signed) if metres <= _REACH_M)[:3]
    found = [(metres, n) for metres, n in zip(apart_m[0].tolist(), numbers[0].tolist(), strict=True) if n >= 0]
    assert found == expected
