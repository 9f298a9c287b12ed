"""`beatwatch user`: people who can sign in."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from domain.people import Role

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="People who can sign in.")
    group.command("add")(add)
    group.command("list")(list_all)
    app.add_typer(group, name="user")


def add(
    login: Annotated[str, typer.Argument(help="what the person signs in with, such as an e-mail address")],
    role: Annotated[Role, typer.Option(help="what the person is")] = Role.distributor_manager,
    org: Annotated[str, typer.Option("--org", help="slug of the organisation")] = "default",
    name: Annotated[str | None, typer.Option(help="the person's name; otherwise the login")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="BEATWATCH_PASSWORD", help="otherwise one is made up and printed, once")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register somebody who can sign in."""
    from api.passwords import hash_password, new_token
    from beatwatch.worker_connection import worker_connection
    from store.organisations import find_organisation
    from store.people import add_person

    secret = password or new_token()
    password_hash = hash_password(secret)
    with worker_connection() as connection:
        org_id = find_organisation(connection, org)
        add_person(connection, org_id, login=login.lower(), name=name or login, role=role, password_hash=password_hash)
    told = {"login": login.lower()} | ({} if password else {"password": secret})
    print(json.dumps(told) if as_json else "\n".join(f"{what} {value}" for what, value in told.items()))


def list_all(as_json: AsJson = False) -> None:
    """Everybody who can sign in."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store.listing import Part
    from store.people import list_people

    columns = ("login", "name", "role", "state", "locked_until", "created_at")
    with worker_connection() as connection:
        people = list_people(connection, Part(limit=100_000))
    show([{column: getattr(person, column) for column in columns} for person in people], columns, as_json=as_json)
