"""`beatwatch load`: many devices at once, to see what a broker and the ingest behind it can take."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("load")(load)


def load(
    mqtt: Annotated[str, typer.Option(help="broker, mqtt://user:password@host:port")],
    connections: Annotated[int, typer.Option(min=1)] = 100,
    rate: Annotated[
        float, typer.Option(help="messages a second over all connections; 0: as many as get acknowledged")
    ] = 1000.0,
    seconds: Annotated[float, typer.Option()] = 10.0,
    messages: Annotated[int | None, typer.Option(help="stop after so many")] = None,
    qos: Annotated[int, typer.Option(min=0, max=1)] = 1,
    batch: Annotated[int, typer.Option(min=1, help="readings in a message")] = 1,
    devices: Annotated[int | None, typer.Option(help="more devices than connections share them")] = None,
    ramp: Annotated[float, typer.Option(help="seconds over which the connections are opened")] = 0.0,
    window: Annotated[int, typer.Option(min=1, help="messages under way on a connection")] = 20,
    storm_every: Annotated[float | None, typer.Option(help="seconds between reconnect storms")] = None,
    storm_share: Annotated[float, typer.Option(help="share of the connections that a storm cuts")] = 0.1,
    tenant: Annotated[str, typer.Option(help="organisation in the topics")] = "default",
    prefix: Annotated[str, typer.Option(help="devices are named PREFIX-00000 and on; one for each load")] = "load",
    json_file: Annotated[Path | None, typer.Option("--json", help="the report as a JSON file")] = None,
) -> None:
    """Publish positions and say how many were acknowledged, and how quickly."""
    import msgspec

    from beatwatch.services.servers import with_log_in
    from beatwatch.settings import read_settings
    from simulators.load.generator import LoadPlan, run_load

    plan = LoadPlan(
        connections=connections,
        rate=rate or math.inf,
        seconds=seconds,
        messages=messages,
        qos=qos,
        batch=batch,
        devices=devices,
        ramp_s=ramp,
        window=window,
        storm_every_s=storm_every,
        storm_share=storm_share,
        tenant=tenant,
        prefix=prefix,
    )
    settings = read_settings()
    document = run_load(with_log_in(settings, mqtt), plan, ca_file=settings.mqtt_ca_file or None).document()
    _print_report(document)
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _print_report(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", "value")
    for name, value in document.items():
        table.add_row(name, "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value))
    Console().print(table)
