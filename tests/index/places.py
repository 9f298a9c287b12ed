"""Zones and places for the tests of the index, and shapely's answer to compare with."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from domain.zones import Zone, ZoneKind


def zone(geometry: BaseGeometry | dict[str, Any], zone_id: str = "z", **more: Any) -> Zone:
    """A territory of a shapely or GeoJSON geometry."""
    plain = geometry if isinstance(geometry, dict) else mapping(geometry)
    return Zone(zone_id, zone_id, ZoneKind.territory, plain, **more)


def circle(longitude_deg: float, latitude_deg: float, radius_m: float, zone_id: str = "c", **more: Any) -> Zone:
    """A circle about a place."""
    return zone({"type": "Point", "coordinates": [longitude_deg, latitude_deg]}, zone_id, radius_m=radius_m, **more)


def pairs(found: tuple[NDArray[np.int64], NDArray[np.int32]]) -> set[tuple[int, int]]:
    """Pairs as a set, after making sure that each is there once and in order."""
    listed = list(zip(found[0].tolist(), found[1].tolist(), strict=True))
    assert listed == sorted(set(listed))
    return set(listed)


def shapely_pairs(areas: list[BaseGeometry], x: NDArray[np.float64], y: NDArray[np.float64]) -> set[tuple[int, int]]:
    """(place, area) for each area that covers a place, as shapely sees it in the plane of longitude and latitude."""
    points = shapely.points(x, y)
    return {(int(p), a) for a, area in enumerate(areas) for p in np.flatnonzero(shapely.covers(area, points))}


def lattice(low: float, high: float, step: float) -> st.SearchStrategy[float]:
    """Numbers on a lattice, so that places fall on vertices and edges often."""
    return st.integers(round(low / step), round(high / step)).map(lambda k: k * step)
