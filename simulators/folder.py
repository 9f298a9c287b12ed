"""A simulation as the files that the other tools read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from simulators.disk import Disk
from simulators.sensor_text import write_measured
from simulators.sensors.readings import in_arrival_order
from simulators.simulation import Simulation, arrival_order
from simulators.track_text import write_tracks
from wire.files.assignments import write_assignments
from wire.files.equipment_json import write_equipment
from wire.files.joined import write_listed
from wire.files.orders_json import write_orders
from wire.files.trip_json import write_trips
from wire.files.truth_jsonl import write_truth
from wire.files.zone_geojson import write_zone_lines, write_zones


def write_folder(simulation: Simulation, folder: Path, disk: Disk | None = None) -> int:
    """Write tracks.csv, sensors.csv, zones.geojson, trips.json, orders.json, equipment.json and truth.jsonl; how many fixes.

    What is there is replaced. Where a van had a spare tracker there is an assignments.csv, too. What went to a disk while the
    simulation was made is taken from there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("wb") as tracks, (folder / "sensors.csv").open("wb") as sensors:
        count = _write_rows(simulation, disk, tracks, sensors)
    with _text(folder / "equipment.json") as file:
        write_equipment(simulation.equipment, file)
    _write_assignments(simulation, folder / "assignments.csv")
    if disk is None:
        _write_records(simulation, folder)
    else:
        _write_lines(disk, folder)
    return count


def _write_assignments(simulation: Simulation, path: Path) -> None:
    if not simulation.assignments:
        path.unlink(missing_ok=True)
        return
    with _text(path) as file:
        write_assignments(simulation.assignments, file)


def _write_rows(simulation: Simulation, disk: Disk | None, tracks: BinaryIO, sensors: BinaryIO) -> int:
    by_arrival = partial(in_arrival_order, names=simulation.sensor_names)
    write_measured(
        [simulation.measured] if disk is None else disk.measured.merged(by_arrival), simulation.sensor_names, sensors
    )
    return write_tracks([simulation.fixes] if disk is None else disk.fixes.merged(arrival_order), simulation.devices, tracks)


def _write_records(simulation: Simulation, folder: Path) -> None:
    with _text(folder / "zones.geojson") as file:
        write_zones(simulation.zones, file)
    with _text(folder / "trips.json") as file:
        write_trips(simulation.trips, file, simulation.approvals)
    with _text(folder / "orders.json") as file:
        write_orders(simulation.orders, file)
    with _text(folder / "truth.jsonl") as file:
        write_truth(simulation.truth, file)


def _write_lines(disk: Disk, folder: Path) -> None:
    with _text(folder / "zones.geojson") as file:
        write_zone_lines(disk.zones, file)
    with _text(folder / "trips.json") as file:
        write_listed(disk.trips, file)
    with _text(folder / "orders.json") as file:
        write_listed(disk.orders, file)
    with (folder / "truth.jsonl").open("wb") as truth:
        truth.writelines(disk.truth)


def _text(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")
