"""`beatwatch judge`: the engine without broker or database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from domain.errors import InvalidInputError

if TYPE_CHECKING:
    from domain.trips import Trip
    from domain.zones import Zone
    from geofence.history import Judgement
    from geofence.parameters import Parameters
    from geofence.rows import Rows
    from geofence.world import World


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("judge")(judge)


def judge(
    data: Annotated[Path | None, typer.Option(help="a folder as `simulate` writes it")] = None,
    tracks: Annotated[Path | None, typer.Option(help="fixes, CSV or .csv.gz, in any order")] = None,
    sensors: Annotated[Path | None, typer.Option(help="shelf and cooler readings; position rules do not need them")] = None,
    zones: Annotated[Path | None, typer.Option(help="zones, GeoJSON")] = None,
    trips: Annotated[Path | None, typer.Option(help="planned trips, JSON")] = None,
    orders: Annotated[Path | None, typer.Option(help="orders, JSON; position rules do not need them")] = None,
    params: Annotated[Path | None, typer.Option(help="parameters that differ from the defaults, TOML")] = None,
    arrival_order: Annotated[bool, typer.Option("--arrival-order", help="take rows as they arrived, correcting")] = False,
    out: Annotated[Path | None, typer.Option("-o", help="file for events and visits; without it, standard output")] = None,
) -> None:
    """Judge tracks against zones and trips: events and visits as JSON lines, the same for any order of the rows."""
    from geofence.parameters import Parameters, parse_parameters

    paths = _paths(data, {"tracks": tracks, "sensors": sensors, "zones": zones, "trips": trips, "orders": orders})
    parameters = Parameters() if params is None else parse_parameters(_text(params))
    world, rows = _load(paths)
    judgement = _judge(world, parameters, rows, arrival_order=arrival_order)
    for rule, error in sorted({(fault.rule, fault.error) for fault in judgement.faults}):
        print(f"warning: rule {rule} failed and was left out where it did: {error}", file=sys.stderr)
    with _writing(out) as file:
        from wire.files.event_jsonl import write_events

        write_events(judgement.in_order(), file)


def _paths(data: Path | None, given: dict[str, Path | None]) -> dict[str, Path]:
    """Where each file is; those of the folder that are not there are left out."""
    names = {"tracks": "tracks.csv", "zones": "zones.geojson", "trips": "trips.json"}
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


def _load(paths: dict[str, Path]) -> tuple[World, Rows]:
    from geofence.rows import rows_from_positions
    from geofence.world import World
    from wire.files.track_csv import read_tracks
    from wire.files.trip_json import read_trips
    from wire.files.zone_geojson import read_zones

    zones: list[Zone] = read_zones(paths["zones"], foreign=True) if "zones" in paths else []
    trips: list[Trip] = read_trips(paths["trips"]) if "trips" in paths else []
    with _progress("reading", None) as moved:
        positions = []
        for position in read_tracks(paths["tracks"]):
            positions.append(position)
            if len(positions) % 10_000 == 0:
                moved(len(positions))
    keys = sorted({position.device for position in positions} | {trip.device_id for trip in trips})
    numbers = {key: number for number, key in enumerate(keys, 1)}
    world = World(tuple(zones), tuple(trips), {number: key for key, number in numbers.items()})
    return world, rows_from_positions(positions, numbers)


def _judge(world: World, parameters: Parameters, rows: Rows, *, arrival_order: bool) -> Judgement:
    from geofence.engine import Engine
    from geofence.history import Judgement, last_moment_us, sound_rows
    from geofence.history import judge as judge_rows
    from geofence.replay import Replay

    engine = Engine(world, parameters)
    with _progress("judging", len(rows)) as moved:
        if arrival_order:
            replay = Replay(engine, dict(world.devices), {trip.trip_id: trip.device_id for trip in world.trips})
            for done in replay.run(rows, last_moment_us(sound_rows(rows))):
                moved(done)
            return replay.judgement()
        judgement = Judgement()
        for done, conclusions in judge_rows(engine, rows):
            judgement.take(conclusions)
            moved(done)
    return judgement


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise InvalidInputError("--params", f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def _writing(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    with out.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
