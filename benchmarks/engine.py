"""How many readings a second the engine judges with every rule on, on one core, and what it keeps of each vehicle."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import write_report
from geofence.collector import spare_the_collector
from geofence.engine import Engine
from geofence.history import cut_places, sound_rows
from geofence.rows import Rows, rows_from_positions
from geofence.world import World
from simulators.folder import write_folder
from simulators.scenario import load
from simulators.world import generate
from wire.files.track_csv import read_tracks
from wire.files.trip_json import read_trips
from wire.files.zone_geojson import read_zones

NATIONAL_DAY = 65_000_000
BATCH_ROWS = 20_000


def main() -> None:
    """Simulate, judge for a while, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to judge")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--scenario", default="national")
    parser.add_argument("--vehicles", type=int, default=40)
    options = parser.parse_args()
    world, rows = scene(options.scenario, options.vehicles)
    Engine(world).advance(rows[:1])  # compile before the clock runs
    spare_the_collector()  # as the worker does
    rates: list[float] = []
    live_ms, memory = live_batch_ms(world, rows), 0.0
    until = time.process_time() + options.seconds
    while not rates or time.process_time() < until:
        engine = Engine(world)
        rates.append(judged_per_s(engine, rows))
        memory = memory_bytes_per_vehicle(engine)
    median = float(np.median(rates))
    figures = {
        "readings": len(rows),
        "vehicles": len(world.devices),
        "readings_per_s": median,
        "readings_per_s_best": max(rates),
        "readings_per_s_worst": min(rates),
        "seconds_per_national_day": NATIONAL_DAY / median,
        "seconds_per_national_day_is": "extrapolated from readings_per_s to 65 million readings",
        "memory_bytes_per_vehicle": memory,
        "live_batch_ms": live_ms,
        "live_batch_is": f"one reading of each of {len(world.devices)} vehicles, median",
        "timed_by": "processor time of the process, one core",
    }
    write_report("engine", figures, options.json)


def scene(scenario: str, vehicles: int) -> tuple[World, Rows]:
    """A simulated fleet's world and readings, in order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_folder(generate(load(scenario), 1, vehicles, 1), path)
        positions = list(read_tracks(path / "tracks.csv"))
        trips, zones = read_trips(path / "trips.json"), read_zones(path / "zones.geojson")
    keys = sorted({position.device for position in positions} | {trip.device_id for trip in trips})
    numbers = {key: number for number, key in enumerate(keys, 1)}
    world = World(tuple(zones), tuple(trips), {number: key for key, number in numbers.items()})
    return world, sound_rows(rows_from_positions(positions, numbers))


def judged_per_s(engine: Engine, rows: Rows) -> float:
    """Judge everything, device by device -> readings a second of processor time."""
    cuts = cut_places(rows, BATCH_ROWS)
    began = time.process_time()
    for low, high in pairwise(cuts):
        engine.advance(rows[low:high])
    return len(rows) / (time.process_time() - began)


def live_batch_ms(world: World, rows: Rows) -> float:
    """Milliseconds for a batch with one reading of each vehicle, as the live worker meets them."""
    engine, times = Engine(world), []
    starts = np.flatnonzero(np.diff(rows["device"], prepend=-1))
    ends = np.append(starts[1:], len(rows))
    for step in range(200):
        places = (starts + step)[starts + step < ends]
        batch = rows[places]
        began = time.process_time()
        engine.advance(batch)
        times.append(time.process_time() - began)
    return 1000 * float(np.median(times))


def memory_bytes_per_vehicle(engine: Engine) -> float:
    """What the kernels and the rules keep of a vehicle: arrays as they are, Python objects counted one by one."""
    memory = engine.memory
    arrays = sum(array.nbytes for array in memory.arrays)
    shared = {id(one) for one in memory.shared}
    return (arrays + sum(deep_size(one, shared) for one in memory.devices)) / max(1, memory.vehicles)


def deep_size(thing: Any, seen: set[int]) -> int:
    """Bytes of an object and what it alone refers to."""
    if id(thing) in seen or isinstance(thing, type | np.ndarray):
        return 0
    seen.add(id(thing))
    return sys.getsizeof(thing) + sum(deep_size(part, seen) for part in _parts(thing))


def _parts(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set):
        return thing
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return [getattr(thing, name) for name in slots if hasattr(thing, name)]


if __name__ == "__main__":
    main()
