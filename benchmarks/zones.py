"""Places against zones: the index and shapely's STRtree bulk query, same places and zones, one thread, alternating.

Circles of one radius are given to shapely in the way that is quickest there: a tree of their centres in metres of a local
projection, asked for those within the radius (`dwithin`), and also as a tree of buffers, which any other set with circles or
corridors needs, asked with `covered_by`. Places and trees are made beforehand, on both sides. Seconds are those of the one
thread's processor time, so that other work on the machine does not count. Mismatches are pairs that one side has and the other
has not; for circles and corridors only where the boundary is further than the tree's buffers of 32 corners a round and flat
metres can be wrong (0.1 m and 0.6 % of the radius).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from shapely.geometry import mapping, shape

from domain.zones import Zone, ZoneKind
from geofence.index import ZoneIndex

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

WARDS = Path(os.environ.get("BEATWATCH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / (
    "polygons/bangalore_wards243.geojson"
)
WEST, SOUTH, WIDE, HIGH = 77.45, 12.83, 0.33, 0.30  # a city of 36 by 33 kilometres
EAST_M, NORTH_M = 108_484.76, 110_622.7  # metres per degree in its middle
PLACES = 200_000
TOLERANCE_M = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One set of zones, ready for both sides."""

    name: str
    zones: list[Zone]
    strtree: Callable[[Floats, Floats], Callable[[], Pairs]]  # given places, what to time
    strtree_of_centres: bool = False


def circles(generator: np.random.Generator, count: int, radius_m: float) -> list[Zone]:
    """Circles strewn over the city."""
    x, y = WEST + WIDE * generator.random(count), SOUTH + HIGH * generator.random(count)
    return [
        Zone(f"c{i}", "", ZoneKind.outlet, {"type": "Point", "coordinates": [float(x[i]), float(y[i])]}, radius_m=radius_m)
        for i in range(count)
    ]


def blobs(generator: np.random.Generator, count: int) -> list[Zone]:
    """Areas of 8 to 60 corners and 100 m to 1 km across."""
    zones = []
    for i in range(count):
        corners = int(generator.integers(8, 60))
        angle = np.sort(generator.random(corners)) * 2.0 * np.pi
        reach = generator.uniform(0.0005, 0.005) * generator.uniform(0.6, 1.0, corners)
        ring = np.column_stack((np.cos(angle), np.sin(angle))) * reach[:, None]
        ring += (WEST + WIDE * generator.random(), SOUTH + HIGH * generator.random())
        zones.append(Zone(f"a{i}", "", ZoneKind.territory, mapping(shapely.Polygon(ring))))
    return zones


def corridors(generator: np.random.Generator, count: int) -> list[Zone]:
    """Lines of 20 corners and some 2 km with 50 m on each side."""
    zones = []
    for i in range(count):
        line = generator.normal(0.0, 0.001, (20, 2)).cumsum(axis=0)
        line += (WEST + WIDE * generator.random(), SOUTH + HIGH * generator.random())
        zones.append(Zone(f"r{i}", "", ZoneKind.territory, mapping(shapely.LineString(line)), width_m=50.0))
    return zones


def in_metres(geometry: Any) -> Any:
    """The geometry in metres of the city's projection."""
    return shapely.transform(geometry, lambda degrees: degrees * (EAST_M, NORTH_M))


def ask_centres(zones: list[Zone]) -> Callable[[Floats, Floats], Callable[[], Pairs]]:
    """Circles of one radius as centres within a distance."""
    centres = in_metres(shapely.points([zone.geometry["coordinates"] for zone in zones]))
    tree, radius_m = shapely.STRtree(centres), zones[0].radius_m

    def ready(x: Floats, y: Floats) -> Callable[[], Pairs]:
        places = shapely.points(x * EAST_M, y * NORTH_M)
        return lambda: tuple(tree.query(places, predicate="dwithin", distance=radius_m))

    return ready


def ask_areas(zones: list[Zone]) -> Callable[[Floats, Floats], Callable[[], Pairs]]:
    """Areas as they are; circles and corridors as buffers of 32 corners a round, as one tree has to have them."""
    areas = []
    for zone in zones:
        geometry, reach_m = shape(zone.geometry), zone.radius_m or zone.width_m
        if reach_m is None:
            areas.append(shapely.make_valid(geometry))
        else:
            buffered = shapely.buffer(in_metres(geometry), reach_m, quad_segs=8)
            areas.append(shapely.transform(buffered, lambda metres: metres / (EAST_M, NORTH_M)))
    tree = shapely.STRtree(areas)

    def ready(x: Floats, y: Floats) -> Callable[[], Pairs]:
        places = shapely.points(x, y)
        return lambda: tuple(tree.query(places, predicate="covered_by"))

    return ready


def cases(generator: np.random.Generator) -> list[Case]:
    """The sets of zones that are measured."""
    small = circles(generator, 23_000, 75.0)
    mixed = [*circles(generator, 7_000, 60.0), *blobs(generator, 2_500), *corridors(generator, 500)]
    made = [
        Case("circles_23000", small, ask_centres(small), strtree_of_centres=True),
        Case("mixed_10000", mixed, ask_areas(mixed)),
    ]
    if WARDS.exists():
        features = json.loads(WARDS.read_text())["features"]
        wards = [Zone(str(i), "", ZoneKind.territory, feature["geometry"]) for i, feature in enumerate(features)]
        made.insert(1, Case("wards_243", wards, ask_areas(wards)))
    return made


def mismatches(index: ZoneIndex, ours: Pairs, theirs: Pairs, x: Floats, y: Floats) -> int:
    """Pairs that only one side has, but for those at the very edge of a buffer, where the two measure differently."""
    count = 0
    for point, number in set(zip(*(side.tolist() for side in ours), strict=True)) ^ set(
        zip(*(side.tolist() for side in theirs), strict=True)
    ):
        zone = index.zones[number]
        assert zone is not None
        reach_m = zone.radius_m or zone.width_m
        here = np.array([x[point]]), np.array([y[point]])
        # A buffer of 32 corners lies up to 0.5 % of its radius within the circle.
        allowed_m = 0.0 if reach_m is None else TOLERANCE_M + 0.006 * reach_m
        count += abs(index.signed_distance_m(number, *here)[0]) > allowed_m or reach_m is None
    return count


def add_one_ms(index: ZoneIndex, zones: list[Zone]) -> float:
    """The slowest of adding each of some zones to those that are there, and taking it out again."""
    slowest = 0.0
    for zone in zones:
        start = time.thread_time()
        number = index.add(zone)
        slowest = max(slowest, time.thread_time() - start)
        index.remove(number)
    return 1000.0 * slowest


def memory_bytes(index: ZoneIndex) -> int:
    """Bytes of the index's arrays."""
    return sum(array.nbytes for array in index.arrays)


def quickest(ask: Callable[[], Pairs]) -> float:
    """The least seconds of three times."""
    seconds = []
    for _ in range(3):
        start = time.thread_time()
        ask()
        seconds.append(time.thread_time() - start)
    return min(seconds)


def measure(case: Case, generator: np.random.Generator, seconds: float) -> dict[str, Any]:
    """Both sides by turns until the time is up; the best rate of each."""
    x, y = WEST + WIDE * generator.random(PLACES), SOUTH + HIGH * generator.random(PLACES)
    ZoneIndex(case.zones[-2:]).covers(x[:1], y[:1])
    start = time.thread_time()
    index = ZoneIndex(case.zones)
    build_s = time.thread_time() - start
    ask_strtree = case.strtree(x, y)
    index.covers(x, y)
    ours_s: list[float] = []
    theirs_s: list[float] = []
    until = time.perf_counter() + seconds
    while not ours_s or time.perf_counter() < until:
        start = time.thread_time()
        ours = index.covers(x, y)
        between = time.thread_time()
        theirs = ask_strtree()
        ours_s.append(between - start)
        theirs_s.append(time.thread_time() - between)
    buffers_s = quickest(ask_areas(case.zones)(x, y)) if case.strtree_of_centres else min(theirs_s)
    return {
        "zones": len(case.zones),
        "positions_per_s": round(PLACES / min(ours_s)),
        "strtree_bulk_positions_per_s": round(PLACES / min(theirs_s)),
        "ratio_to_strtree": round(min(theirs_s) / min(ours_s), 1),
        "ratio_to_strtree_of_medians": round(float(np.median(theirs_s) / np.median(ours_s)), 1),
        "strtree_buffers_positions_per_s": round(PLACES / buffers_s),
        "ratio_to_strtree_buffers": round(buffers_s / min(ours_s), 1),
        "pairs": len(ours[0]),
        "build_s": round(build_s, 3),
        "add_one_ms": round(add_one_ms(index, [case.zones[i] for i in generator.integers(0, len(case.zones), 50)]), 3),
        "bytes_per_zone": round(memory_bytes(index) / len(case.zones)),
        "mismatches": mismatches(index, (ours[0], ours[1].astype(np.int64)), theirs, x, y),
    }


def table(results: dict[str, dict[str, Any]]) -> Table:
    """The results for people."""
    shown = Table("figure", *results)
    for figure in next(iter(results.values())):
        shown.add_row(figure, *(f"{result[figure]:,}" for result in results.values()))
    return shown


def main() -> None:
    """Measure, print a table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each set of zones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    results = {case.name: measure(case, generator, options.seconds) for case in cases(generator)}
    Console().print(table(results))
    first = results["circles_23000"]
    figures = {
        "cores": os.cpu_count(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "shapely": shapely.__version__,
            "geos": shapely.geos_version_string,
        },
        **{key: first[key] for key in ("positions_per_s", "strtree_bulk_positions_per_s", "ratio_to_strtree")},
        "build_s": results["mixed_10000"]["build_s"],
        "add_one_ms": results["mixed_10000"]["add_one_ms"],
        "mismatches": sum(result["mismatches"] for result in results.values()),
        "sets": results,
    }
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
