"""`beatwatch sensor`: what shelf and box sensors are fitted to, and what they see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
Org = Annotated[str, typer.Option(help="slug of the organisation")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Sensors of shelves and cooled boxes.")
    group.command("fit")(fit)
    group.command("list")(list_all)
    app.add_typer(group, name="sensor")


def fit(
    file: Annotated[Path, typer.Argument(help="equipment, JSON, as `simulate` writes it")],
    org: Org = "default",
) -> None:
    """Say what sensors stand under and which boxes they are in, from now on or for the spans given.

    Devices, outlets and products have to be there. The books, and where assets belong, are kept elsewhere.
    """
    from beatwatch.worker_connection import worker_connection
    from store.organisations import find_organisation
    from store.sensing import fit_cooler, fit_shelf
    from wire.files.equipment_json import read_equipment

    equipment = read_equipment(file)
    with worker_connection() as connection:
        org_id = find_organisation(connection, org)
        for shelf in equipment.shelves:
            fit_shelf(connection, org_id, shelf)
        for cooler in equipment.coolers:
            fit_cooler(connection, org_id, cooler)
    print(f"fitted {len(equipment.shelves)} shelves and {len(equipment.coolers)} coolers")


def list_all(org: Org = "default", as_json: AsJson = False) -> None:
    """Every shelf's sensor, with what it saw last."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store.organisations import find_organisation
    from store.sensing import list_shelves

    with worker_connection() as connection:
        rows = list_shelves(connection, find_organisation(connection, org))
    columns = ("device", "outlet_id", "product_id", "unit_weight_g", "tare_g", "pieces", "confidence", "observed_at")
    show(rows, columns, as_json=as_json)
