"""Pages lead where the nodes lead, whatever was added and removed, and answers are the same without them."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.zones import Zone
from geofence.index import ZoneIndex
from geofence.kernels.cell_pages import PAGE_FAN, PAGE_SHIFT
from geofence.kernels.cells import FAN, FAN_BITS, HELD, LEADS_TO, NODE, NODE_AT, NODE_SLOTS, PAGE, ROOT_COLUMNS, ROOT_SHIFT, TAG
from tests.index.places import circle, pairs, zone

generator = np.random.default_rng(8)
X, Y = generator.uniform(76.9, 77.9, 4000), generator.uniform(12.5, 13.5, 4000)


def shop(seed: int) -> Zone:
    """A small circle somewhere in a city."""
    dice = np.random.default_rng(seed)
    return circle(float(dice.uniform(77.3, 77.8)), float(dice.uniform(12.7, 13.2)), 60.0, f"c{seed}")


def territory(seed: int) -> Zone:
    """A box from a hundred metres to a hundred kilometres wide, so that it is held at any level."""
    dice = np.random.default_rng(1000 + seed)
    wide, high = 10.0 ** dice.uniform(-3.0, 0.0, 2)
    west, south = dice.uniform(77.3, 77.8) - wide / 2.0, dice.uniform(12.7, 13.2) - high / 2.0
    return zone(shapely.box(west, south, west + wide, south + high), f"t{seed}")


def expected_page(index: ZoneIndex, at: int) -> np.ndarray:
    """What the page of a root slot has to say, going down from the root for each of its cells."""
    arrays = index.arrays
    page = np.zeros(PAGE_FAN * PAGE_FAN, dtype=np.int32)
    for cell in range(len(page)):
        u, v = (cell % PAGE_FAN) << PAGE_SHIFT, (cell // PAGE_FAN) << PAGE_SHIFT
        slot, is_held = int(arrays.root[at, LEADS_TO]), False
        for level in (1, 2):
            if slot & TAG != NODE or is_held:
                slot = 0
                break
            shift = ROOT_SHIFT - FAN_BITS * level
            child = ((v >> shift) % FAN) * FAN + (u >> shift) % FAN
            slot = int(arrays.nodes[(slot >> NODE_AT) * NODE_SLOTS + 1 + child, LEADS_TO])
            is_held = level == 1 and bool(slot & TAG == NODE and slot & HELD)
        page[cell] = slot if slot & TAG == NODE and not is_held else 0
    return page


def paged(index: ZoneIndex) -> list[int]:
    """Root slots that have a page."""
    root = index.arrays.root
    return np.flatnonzero((root[:, LEADS_TO] & TAG == NODE) & (root[:, PAGE] != 0)).tolist()


def check_pages(index: ZoneIndex) -> None:
    """Each page says what the nodes say, none is used twice, and none says anything else than the way from the root."""
    roots = paged(index)
    pages = index.arrays.root[roots, PAGE].tolist()
    assert len(set(pages)) == len(pages)
    for at, page in zip(roots, pages, strict=True):
        assert (index.arrays.pages[page] == expected_page(index, at)).all()
    found = pairs(index.covers(X, Y))
    kept = index.arrays.pages.copy()
    index.arrays.pages[:] = 0
    assert pairs(index.covers(X, Y)) == found
    index.arrays.pages[:] = kept


def test_a_city_has_a_page_and_a_village_has_none() -> None:
    city, village = ZoneIndex([shop(seed) for seed in range(600)]), ZoneIndex([shop(seed) for seed in range(9)])
    assert len(paged(city)) >= 1
    assert paged(village) == []
    at = paged(city)[0]
    assert city.arrays.page_root[city.arrays.root[at, PAGE]] == at
    assert at // ROOT_COLUMNS == int((12.9 + 90.0) / 360.0 * 512)
    check_pages(city)
    check_pages(village)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["shops", "territory", "less"]), st.integers(0, 30)), min_size=1, max_size=12))
def test_pages_follow_changes(changes: list[tuple[str, int]]) -> None:
    index = ZoneIndex([shop(seed) for seed in range(400)])
    there = {f"c{seed}": seed for seed in range(400)}
    for kind, seed in changes:
        if kind == "shops":
            added = [shop(1000 + 40 * seed + more) for more in range(40) if f"c{1000 + 40 * seed + more}" not in there]
            there |= dict(zip((zone.zone_id for zone in added), index.add_all(added).tolist(), strict=True))
        elif kind == "territory" and f"t{seed}" not in there:
            there[f"t{seed}"] = index.add(territory(seed))
        elif kind == "less":
            for name in sorted(there)[seed::3]:
                index.remove(there.pop(name))
    check_pages(index)


def test_an_emptied_root_cell_gives_its_page_to_the_next() -> None:
    index = ZoneIndex([shop(seed) for seed in range(600)])
    size = len(index.arrays.pages)
    used = len(paged(index))
    for _ in range(3 * size):
        for number in range(600):
            index.remove(number)
        assert paged(index) == []
        index.add_all([shop(seed) for seed in range(600)])
        assert len(paged(index)) == used
    assert len(index.arrays.pages) == size


def test_lists_are_kept_by_zone_and_small_parts_ask_few() -> None:
    """Where many zones are in a cell, each place is decided for those alone that touch its part of it."""
    order = np.random.default_rng(4).permutation(40)
    index = ZoneIndex()
    for seed in order.tolist():
        index.add(circle(77.5 + 0.0001 * seed, 13.0, 30.0, str(seed)))
    x, y = 77.4995 + 0.00001 * np.arange(600, dtype=np.float64), np.full(600, 13.0)
    centres = np.array([shape.geometry["coordinates"][0] for shape in index.zones if shape is not None])
    found = pairs(index.covers(x, y))
    metres = np.abs(x[:, None] - centres[None, :]) * 108_500.0
    assert {(p, z) for p, z in np.argwhere(metres < 29.0).tolist()} <= found
    assert found <= {(p, z) for p, z in np.argwhere(metres < 31.0).tolist()}
