"""`beatwatch simulate`: a world drawn from a seed, as files or as live devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import InvalidInputError

if TYPE_CHECKING:
    from simulators.scenario import Scenario


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("simulate")(simulate)


def simulate(
    scenario: Annotated[str, typer.Option(help="name of a scenario (see --list), or a TOML file of one's own")] = "morning_run",
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 1,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="folder for tracks, sensors, zones, trips, orders and truth")
    ] = None,
    mqtt: Annotated[str | None, typer.Option(help="broker to publish to instead, mqtt://user:password@host:port")] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="with --mqtt: how many times as fast as life")] = 1.0,
    vehicles: Annotated[int | None, typer.Option(min=1, help="instead of the scenario's number")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="instead of the scenario's number")] = None,
    start: Annotated[
        str | None,
        typer.Option(help="ISO 8601 with zone: when the first day begins; with --mqtt it is chosen so that the end is now"),
    ] = None,
    tenant: Annotated[str, typer.Option(help="with --mqtt: organisation in the topics")] = "default",
    payload_format: Annotated[str, typer.Option("--as", help="with --mqtt: payload format")] = "beatwatch-json",
    jobs: Annotated[int | None, typer.Option(min=1, help="with --out: how many processes; else one a core")] = None,
    listing: Annotated[bool, typer.Option("--list", help="name the scenarios and stop")] = False,
) -> None:
    """Simulate vans, trackers and what goes wrong, with the truth written down."""
    if listing:
        _print_scenarios()
        return
    if (out is None) == (mqtt is None):
        raise InvalidInputError("--out", "say where to: either --out DIR or --mqtt URL")
    from simulators.scenario import load

    world = load(scenario), seed, vehicles, days
    if out is not None:
        _write(world, _moment(start), out, jobs or len(os.sched_getaffinity(0)))
    elif mqtt is not None:
        from beatwatch.services.servers import with_log_in
        from beatwatch.settings import read_settings

        settings = read_settings()
        ca_file = settings.mqtt_ca_file or None
        _publish(world, _moment(start), (with_log_in(settings, mqtt), ca_file), speed, tenant, payload_format)


def _write(world: tuple[Scenario, int, int | None, int | None], start: datetime | None, out: Path, jobs: int) -> None:
    from simulators.disk import Disk
    from simulators.folder import write_folder
    from simulators.world import generate

    disk = Disk(out / ".making")
    try:
        with _progress("vehicle-days") as advance:
            simulation = generate(*world, start, advance, disk, jobs)
        count = write_folder(simulation, out, disk)
    finally:
        disk.remove()
    print(f"{count} fixes of {len(simulation.devices)} devices in {out}")


def _publish(
    world: tuple[Scenario, int, int | None, int | None],
    start: datetime | None,
    broker: tuple[str, str | None],
    speed: float,
    tenant: str,
    payload_format: str,
) -> None:
    from simulators.pace import generate_live
    from simulators.publisher import play
    from simulators.world import generate

    scenario, seed, vehicles, days = world
    if start is None:
        simulation = generate_live(scenario, seed, speed, datetime.now(UTC), vehicles, days)
    else:
        simulation = generate(scenario, seed, vehicles, days, start)
    url, ca_file = broker
    total, done = len(simulation.fixes) + len(simulation.sensors), count(1)
    with _progress("readings") as advance:
        report = play(
            simulation,
            url,
            speed,
            tenant=tenant,
            payload_format=payload_format,
            on_ack=lambda _: advance(next(done), total),
            ca_file=ca_file,
        )
    print(f"{report.acknowledged} of {report.published} messages of {report.devices} devices acknowledged")


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

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
