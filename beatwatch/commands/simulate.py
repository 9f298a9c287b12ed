"""`beatwatch simulate`: a world drawn from a seed, as files or as live devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import InvalidInputError


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("simulate")(simulate)


def simulate(
    scenario: Annotated[str, typer.Option(help="name of a scenario (see --list), or a TOML file of one's own")] = "morning_run",
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 1,
    out: Annotated[Path | None, typer.Option(help="folder for tracks, sensors, zones, trips, orders and truth")] = None,
    vehicles: Annotated[int | None, typer.Option(min=1, help="instead of the scenario's number")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="instead of the scenario's number")] = None,
    start: Annotated[str | None, typer.Option(help="ISO 8601 with zone: when the first day begins")] = None,
    listing: Annotated[bool, typer.Option("--list", help="name the scenarios and stop")] = False,
) -> None:
    """Simulate vans, trackers and what goes wrong, with the truth written down."""
    if listing:
        _print_scenarios()
        return
    if out is None:
        raise InvalidInputError("--out", "say where to: --out DIR")
    from simulators.folder import write_folder
    from simulators.scenario import load
    from simulators.world import generate

    with _progress("vehicle-days") as advance:
        simulation = generate(load(scenario), seed, vehicles, days, _moment(start), advance)
    write_folder(simulation, out)
    print(f"{len(simulation.fixes)} fixes of {len(simulation.devices)} devices in {out}")


def _print_scenarios() -> None:
    from rich.console import Console
    from rich.table import Table

    from simulators.scenario import load, names

    table = Table("scenario", "vehicles", "days", "what happens")
    for name in names():
        found = load(name)
        table.add_row(name, str(found.vehicles), str(found.days), found.description)
    Console().print(table)


def _moment(text: str | None) -> datetime | None:
    from wire.instants import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise InvalidInputError("--start", str(error)) from error


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, as a function of (done, all)."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
