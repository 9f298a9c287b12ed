"""What `judge` judges, read from files, and what comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from domain.devices import Assignment
from domain.equipment import Equipment
from domain.errors import InvalidInputError
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.zones import Zone
from geofence.engine import Engine
from geofence.gathering import Gathering
from geofence.handover import Handovers, mounts_of, turns_of
from geofence.history import Judgement, judge, last_moment_us, sound_rows
from geofence.parameters import Parameters
from geofence.replay import Replay
from geofence.rows import Rows
from geofence.whole import Evidence, complete, positions_wanted
from geofence.world import World
from wire.files.assignments import read_assignments
from wire.files.equipment_json import read_equipment
from wire.files.orders_json import read_orders
from wire.files.sensor_csv import read_sensors
from wire.files.track_csv import read_tracks, read_tracks_of
from wire.files.trip_json import read_suppressors, read_trips
from wire.files.zone_geojson import read_zones

FILES: Final = {
    "tracks": "tracks.csv",
    "sensors": "sensors.csv",
    "zones": "zones.geojson",
    "trips": "trips.json",
    "orders": "orders.json",
    "equipment": "equipment.json",
    "assignments": "assignments.csv",
}
"""What each kind is called in a folder."""
_AT_ONCE: Final = 20_000
_NOBODYS: Final = "0"  # the organisation of devices of which none is known


@dataclass(frozen=True, slots=True)
class Files:
    """What the files say: plans, rows as the trackers told them, whose story each tells, and what else there is to know."""

    world: World
    rows: Rows
    handovers: Handovers
    evidence: Evidence


def find_files(data: Path | None, given: dict[str, Path | None]) -> dict[str, Path]:
    """Where each file is; those of the folder that are not there are left out. Raises InvalidInputError without tracks."""
    found = {name: path for name, path in given.items() if path is not None}
    if data is not None:
        if not data.is_dir():
            raise InvalidInputError("--data", f"{data} is not a folder")
        for name, file in FILES.items():
            if name not in found and (data / file).exists():
                found[name] = data / file
    if "tracks" not in found:
        raise InvalidInputError("--tracks", "say what to judge: --tracks FILE, or --data DIR with a tracks.csv in it")
    return found


def read_files(
    paths: dict[str, Path], parameters: Parameters, warn: Callable[[str], None], moved: Callable[[int], None]
) -> Files:
    """Read them all. `warn` is told what is wrong and can be borne, `moved` how many fixes have been read.

    Raises InvalidInputError or NotFoundError for what cannot be read.
    """
    zones: list[Zone] = read_zones(paths["zones"], foreign=True, told=warn, skipped=warn) if "zones" in paths else []
    for zone_id, times in sorted(Counter(zone.zone_id for zone in zones).items()):
        if times > 1:
            warn(f"{times} zones are named {zone_id}: what is concluded of one may take the place of what is of another")
    trips: list[Trip] = read_trips(paths["trips"]) if "trips" in paths else []
    orders = tuple(read_orders(paths["orders"])) if "orders" in paths else ()
    approved: list[Suppressor] = read_suppressors(paths["trips"]) if "trips" in paths else []
    equipment = read_equipment(paths["equipment"]) if "equipment" in paths else Equipment()
    assignments = read_assignments(paths["assignments"]) if "assignments" in paths else []
    gathering = _gather(paths["tracks"], moved)
    mounted = {one.device_id for one in assignments}
    keys = sorted(gathering.devices | {trip.device_id for trip in trips} | mounted)
    numbers = {key: number for number, key in enumerate(keys, 1)}
    devices = {number: key for key, number in numbers.items()}
    world = World(tuple(zones), tuple(trips), devices, suppressors=tuple(approved), orders=orders)
    rows = gathering.rows(numbers)
    wanted = positions_wanted(rows, devices, equipment)
    positions = list(read_tracks_of(paths["tracks"], wanted)) if wanted else []
    readings = list(read_sensors(paths["sensors"])) if "sensors" in paths else []
    evidence = Evidence(world.zones, world.trips, world.orders, equipment, positions, readings)
    return Files(world, rows, handovers_of(trips, numbers, assignments, parameters), evidence)


def _gather(path: Path, moved: Callable[[int], None]) -> Gathering:
    gathering, positions, count = Gathering(), read_tracks(path), 0
    while part := list(islice(positions, _AT_ONCE)):
        gathering.add(part)
        count += len(part)
        moved(count)
    return gathering


def handovers_of(
    trips: Iterable[Trip], numbers: Mapping[str, int], assignments: Iterable[Assignment], parameters: Parameters
) -> Handovers:
    """Which device tells of whose trips, as files have it: all of one organisation. `numbers`: device's key -> number."""
    planned = sorted(trips, key=lambda trip: (trip.planned_start, trip.trip_id))
    return Handovers(turns_of(planned, numbers, mounts_of(assignments, numbers), parameters, _NOBODYS))


def judged(
    files: Files, parameters: Parameters, moved: Callable[[int], None] = lambda _: None, *, arrival_order: bool = False
) -> Judgement:
    """What the engine concludes of it in the end; `moved` is told how many rows have been judged.

    By `arrival_order` the rows are taken as they came in, and what was concluded too early is corrected.
    """
    world, changes, rows = files.world, files.handovers.changes, files.handovers.tracked(files.rows)
    engine = Engine(world, parameters)
    if arrival_order:
        replay = Replay(engine, dict(world.devices), {trip.trip_id: trip.device_id for trip in world.trips}, changes)
        for done in replay.run(rows, last_moment_us(sound_rows(rows))):
            moved(done)
        return complete(replay.judgement(), files.evidence, parameters, as_arrived=True)
    judgement = Judgement()
    for done, conclusions in judge(engine, rows, changes=changes):
        judgement.take(conclusions)
        moved(done)
    return complete(judgement, files.evidence, parameters)
