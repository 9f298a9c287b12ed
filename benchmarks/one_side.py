"""One side of `benchmarks.turns`: judges the readings of a folder once for each line that it is sent, with the engine of the
checkout that PYTHONPATH names."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from time import process_time_ns

import numpy as np

from geofence.collector import spare_the_collector
from geofence.engine import Engine
from geofence.history import sound_rows
from geofence.rows import Rows, rows_from_positions
from geofence.world import World
from wire.files.track_csv import read_tracks
from wire.files.trip_json import read_trips
from wire.files.zone_geojson import read_zones


def main() -> None:
    """Answer with the number of readings, then with each turn's nanoseconds of processor time, van by van."""
    world, rows = _scene(Path(sys.argv[1]))
    starts = np.flatnonzero(np.diff(rows["device"], prepend=-1)).tolist()
    Engine(world).advance(rows)  # compile before the clock runs
    spare_the_collector()  # as the worker does
    print(len(rows), flush=True)
    for _ in sys.stdin:
        print(json.dumps(_turn(Engine(world), rows, [*starts, len(rows)])), flush=True)


def _turn(engine: Engine, rows: Rows, cuts: list[int]) -> list[int]:
    taken = []
    for low, high in pairwise(cuts):
        began = process_time_ns()
        engine.advance(rows[low:high])
        taken.append(process_time_ns() - began)
    return taken


def _scene(folder: Path) -> tuple[World, Rows]:
    positions, trips = list(read_tracks(folder / "tracks.csv")), tuple(read_trips(folder / "trips.json"))
    numbers = {key: number for number, key in enumerate(sorted({position.device for position in positions}), 1)}
    world = World(tuple(read_zones(folder / "zones.geojson")), trips, {number: key for key, number in numbers.items()})
    return world, sound_rows(rows_from_positions(positions, numbers))


if __name__ == "__main__":
    main()
