"""`beatwatch judge`: the engine without broker or database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beatwatch.commands.output import writing
from domain.errors import InvalidInputError

if TYPE_CHECKING:
    from domain.observations import Position
    from domain.suppressors import Suppressor
    from domain.trips import Trip
    from domain.zones import Zone
    from geofence.history import Judgement
    from geofence.parameters import Parameters
    from geofence.rows import Rows
    from geofence.whole import Evidence
    from geofence.world import World


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("judge")(judge)


def judge(
    data: Annotated[Path | None, typer.Option(help="a folder as `simulate` writes it")] = None,
    tracks: Annotated[Path | None, typer.Option(help="fixes, CSV or .csv.gz, in any order")] = None,
    sensors: Annotated[Path | None, typer.Option(help="readings of shelves and cooled boxes, CSV, in any order")] = None,
    zones: Annotated[Path | None, typer.Option(help="zones, GeoJSON")] = None,
    trips: Annotated[Path | None, typer.Option(help="planned trips, JSON")] = None,
    orders: Annotated[Path | None, typer.Option(help="orders with what was loaded, delivered and returned, JSON")] = None,
    equipment: Annotated[Path | None, typer.Option(help="what sensors are fitted to, JSON; others are not judged")] = None,
    params: Annotated[Path | None, typer.Option(help="parameters that differ from the defaults, TOML")] = None,
    arrival_order: Annotated[bool, typer.Option("--arrival-order", help="take rows as they arrived, correcting")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="file for events and visits; without it, standard output")
    ] = None,
) -> None:
    """Judge tracks and sensors against plans: events and visits as JSON lines, the same for any order of the rows."""
    from geofence.parameters import Parameters, parse_parameters
    from wire.files.event_jsonl import write_events

    paths = _paths(
        data, {"tracks": tracks, "sensors": sensors, "zones": zones, "trips": trips, "orders": orders, "equipment": equipment}
    )
    parameters = Parameters() if params is None else parse_parameters(_text(params))
    world, rows, positions = _load(paths)
    evidence = _evidence(paths, world, rows, positions)
    with writing(out) as file:
        judgement = _judge(world, parameters, rows, evidence, arrival_order=arrival_order)
        for rule, error in sorted({(fault.rule, fault.error) for fault in judgement.faults}):
            _warn(f"rule {rule} failed and was left out where it did: {error}")
        write_events(judgement.in_order(), file)


def _paths(data: Path | None, given: dict[str, Path | None]) -> dict[str, Path]:
    """Where each file is; those of the folder that are not there are left out."""
    names = {"tracks": "tracks.csv", "sensors": "sensors.csv", "zones": "zones.geojson", "trips": "trips.json"}
    names |= {"orders": "orders.json", "equipment": "equipment.json"}
    found = {name: path for name, path in given.items() if path is not None}
    if data is not None:
        if not data.is_dir():
            raise InvalidInputError("--data", f"{data} is not a folder")
        for name, file in names.items():
            if name not in found and (data / file).exists():
                found[name] = data / file
    if "tracks" not in found:
        raise InvalidInputError("--tracks", "say what to judge: --tracks FILE, or --data DIR with a tracks.csv in it")
    return found


def _load(paths: dict[str, Path]) -> tuple[World, Rows, list[Position]]:
    from geofence.rows import rows_from_positions
    from geofence.world import World
    from wire.files.orders_json import read_orders
    from wire.files.track_csv import read_tracks
    from wire.files.trip_json import read_suppressors, read_trips
    from wire.files.zone_geojson import read_zones

    zones: list[Zone] = read_zones(paths["zones"], foreign=True, told=_warn, skipped=_warn) if "zones" in paths else []
    trips: list[Trip] = read_trips(paths["trips"]) if "trips" in paths else []
    orders = tuple(read_orders(paths["orders"])) if "orders" in paths else ()
    approved: list[Suppressor] = read_suppressors(paths["trips"]) if "trips" in paths else []
    with _progress("reading", None) as moved:
        positions = []
        for position in read_tracks(paths["tracks"]):
            positions.append(position)
            if len(positions) % 10_000 == 0:
                moved(len(positions))
    keys = sorted({position.device for position in positions} | {trip.device_id for trip in trips})
    numbers = {key: number for number, key in enumerate(keys, 1)}
    devices = {number: key for key, number in numbers.items()}
    world = World(tuple(zones), tuple(trips), devices, suppressors=tuple(approved), orders=orders)
    return world, rows_from_positions(positions, numbers), positions


def _evidence(paths: dict[str, Path], world: World, rows: Rows, positions: list[Position]) -> Evidence:
    from domain.equipment import Equipment
    from geofence.whole import Evidence, positions_wanted
    from wire.files.equipment_json import read_equipment
    from wire.files.sensor_csv import read_sensors

    equipment = read_equipment(paths["equipment"]) if "equipment" in paths else Equipment()
    wanted = positions_wanted(rows, world.devices, equipment)
    return Evidence(
        world.zones,
        world.trips,
        world.orders,
        equipment,
        [position for position in positions if position.device in wanted],
        list(read_sensors(paths["sensors"])) if "sensors" in paths else [],
    )


def _judge(world: World, parameters: Parameters, rows: Rows, evidence: Evidence, *, arrival_order: bool) -> Judgement:
    from geofence.collector import spare_the_collector
    from geofence.engine import Engine
    from geofence.history import Judgement, last_moment_us, sound_rows
    from geofence.history import judge as judge_rows
    from geofence.replay import Replay
    from geofence.whole import complete

    engine = Engine(world, parameters)
    spare_the_collector()
    with _progress("judging", len(rows)) as moved:
        if arrival_order:
            replay = Replay(engine, dict(world.devices), {trip.trip_id: trip.device_id for trip in world.trips})
            for done in replay.run(rows, last_moment_us(sound_rows(rows))):
                moved(done)
            return complete(replay.judgement(), evidence, parameters, as_arrived=True)
        judgement = Judgement()
        for done, conclusions in judge_rows(engine, rows):
            judgement.take(conclusions)
            moved(done)
        return complete(judgement, evidence, parameters)


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInputError("--params", f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError("--params", f"{path} is not UTF-8 text") from error


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
