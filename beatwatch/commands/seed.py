"""`beatwatch seed`: a believable distributor to try things with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("seed")(seed)


def seed(
    vans: Annotated[int, typer.Option(min=1, max=200, help="vans, each with a driver and six beats")] = 10,
    outlets: Annotated[int, typer.Option(min=1, max=20_000, help="shops along the streets of a town")] = 850,
    number: Annotated[int, typer.Option("--seed", min=0, help="draws another distributor")] = 1,
    org: Annotated[str, typer.Option(help="slug of the organisation; that of the settings if left out")] = "",
    day: Annotated[str, typer.Option(help="when the orders are due, such as 2026-03-02; tomorrow if left out")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Fill an organisation with products, prices, shops, vans, drivers, beats and the orders of a day.

    What is there already stays as it is: the same seed twice adds nothing but the orders of another day.
    """
    from rich.console import Console

    from beatwatch.commands.tables import show
    from beatwatch.seeding.distributor import draw_distributor
    from beatwatch.seeding.storing import store_distributor
    from beatwatch.seeding.town import ground_of
    from beatwatch.settings import read_settings
    from beatwatch.worker_connection import worker_connection
    from simulators.scenario import DEFAULT, load
    from store.organisations import find_organisation

    due_on = _day(day)
    with Console(stderr=True).status("drawing the town"):
        ground = ground_of(load(DEFAULT), number, outlets)
    drawn = draw_distributor(ground.shops, vans, due_on, number)
    with Console(stderr=True).status("storing"), worker_connection() as connection, connection.transaction():
        org_id = find_organisation(connection, org or read_settings().organisation)
        added = store_distributor(connection, org_id, drawn, ground.zones)
    show([{"record": kind, "added": count} for kind, count in added.items()], ("record", "added"), as_json=as_json)


def _day(text: str) -> date:
    from domain.errors import InvalidInputError

    if not text:
        return datetime.now(UTC).date() + timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError("--day", f"{text!r} is not a day such as 2026-03-02") from error
