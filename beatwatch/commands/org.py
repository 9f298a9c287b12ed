"""`beatwatch org`: organisations and how they hang together."""

from __future__ import annotations

import json
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Organisations: manufacturers, distributors and those below them.")
    group.command("add")(add)
    group.command("list")(list_all)
    app.add_typer(group, name="org")


def add(
    slug: Annotated[str, typer.Argument(help="short name in addresses and topics: small letters, digits, - and _")],
    name: Annotated[str | None, typer.Option(help="the full name; otherwise the short one")] = None,
    parent: Annotated[str | None, typer.Option(help="slug of the organisation above, which sees all of this one")] = None,
    as_json: AsJson = False,
) -> None:
    """Register an organisation."""
    from beatwatch.worker_connection import worker_connection
    from store.organisations import add_organisation, find_organisation

    with worker_connection() as connection:
        above = None if parent is None else find_organisation(connection, parent)
        add_organisation(connection, slug=slug, name=name or slug, parent_id=above)
    print(json.dumps({"organisation": slug}) if as_json else f"organisation {slug}")


def list_all(as_json: AsJson = False) -> None:
    """All organisations."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store.organisations import list_organisations

    with worker_connection() as connection:
        rows = list_organisations(connection)
    show(rows, ("slug", "name", "parent", "created_at"), as_json=as_json)
