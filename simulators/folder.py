"""A simulation as the files that the other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from simulators.disk import Disk
from simulators.simulation import Simulation
from simulators.track_text import write_tracks
from wire.files.equipment_json import write_equipment
from wire.files.orders_json import write_orders
from wire.files.sensor_csv import write_sensors
from wire.files.trip_json import write_trips
from wire.files.truth_jsonl import write_truth
from wire.files.zone_geojson import write_zones


def write_folder(simulation: Simulation, folder: Path, disk: Disk | None = None) -> int:
    """Write tracks.csv, sensors.csv, zones.geojson, trips.json, orders.json, equipment.json and truth.jsonl; how many fixes.

    What is there is replaced. What went to a disk while the simulation was made is taken from there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("wb") as tracks:
        count = write_tracks([simulation.fixes] if disk is None else disk.fixes.merged(), simulation.devices, tracks)
    with _text(folder / "sensors.csv") as file:
        write_sensors(simulation.sensors, file)
    with _text(folder / "zones.geojson") as file:
        write_zones((disk or simulation).zones, file)
    with _text(folder / "trips.json") as file:
        write_trips((disk or simulation).trips, file, simulation.approvals)
    with _text(folder / "equipment.json") as file:
        write_equipment(simulation.equipment, file)
    with _text(folder / "orders.json") as file:
        write_orders((disk or simulation).orders, file)
    with _text(folder / "truth.jsonl") as file:
        write_truth((disk or simulation).truth, file)
    return count


def _text(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")
