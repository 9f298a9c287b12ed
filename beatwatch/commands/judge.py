"""`beatwatch judge`: the engine without broker or database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from beatwatch.commands.output import writing
from domain.errors import InvalidInputError


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
    assignments: Annotated[Path | None, typer.Option(help="which tracker was on which vehicle when, CSV or JSON")] = None,
    params: Annotated[Path | None, typer.Option(help="parameters that differ from the defaults, TOML")] = None,
    arrival_order: Annotated[bool, typer.Option("--arrival-order", help="take rows as they arrived, correcting")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", "--output", help="file for events and visits; without it, standard output")
    ] = None,
) -> None:
    """Judge tracks and sensors against plans: events and visits as JSON lines, the same for any order of the rows."""
    from beatwatch.judged_files import find_files, judged, read_files
    from geofence.collector import spare_the_collector
    from geofence.parameters import Parameters, parse_parameters
    from wire.files.event_jsonl import write_events

    given = {"tracks": tracks, "sensors": sensors, "zones": zones, "trips": trips, "orders": orders, "equipment": equipment}
    paths = find_files(data, {**given, "assignments": assignments})
    parameters = Parameters() if params is None else parse_parameters(_text(params))
    with _progress("reading", None) as moved:
        files = read_files(paths, parameters, _warn, moved)
    with writing(out) as file:
        spare_the_collector()
        with _progress("judging", len(files.rows)) as moved:
            judgement = judged(files, parameters, moved, arrival_order=arrival_order)
        for rule, error in sorted({(fault.rule, fault.error) for fault in judgement.faults}):
            _warn(f"rule {rule} failed and was left out where it did: {error}")
        write_events(judgement.in_order(), file)


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
