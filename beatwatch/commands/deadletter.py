"""`beatwatch deadletter`: messages that could not become readings."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from domain.errors import InvalidInputError

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
Reason = Annotated[str | None, typer.Option(help="only those kept for this reason, such as not_json or unknown_device")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Messages that could not become readings.")
    group.command("list")(list_letters)
    group.command("show")(show_letter)
    group.command("redrive")(redrive_letters)
    app.add_typer(group, name="deadletter")


def list_letters(
    reason: Reason = None,
    everything: Annotated[bool, typer.Option("--all", help="also those that have become readings since")] = False,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from store.deadletters import list_dead_letters

    with worker_connection() as connection:
        rows = list_dead_letters(connection, reason=reason, include_redriven=everything, limit=limit)
    columns = ("dead_letter_id", "last_received_at", "topic", "reason", "detail")
    show(rows, columns, as_json=as_json)


def show_letter(number: Annotated[int, typer.Argument(help="its number, as `list` shows it")], as_json: AsJson = False) -> None:
    """One dead letter with its bytes."""
    from beatwatch.worker_connection import worker_connection
    from store.deadletters import get_dead_letter

    with worker_connection() as connection:
        letter = get_dead_letter(connection, number)
    payload = bytes(letter.pop("payload"))
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in letter.items()}
    if as_json:
        print(json.dumps({**plain, "payload_hex": payload.hex()}))
        return
    for name, value in plain.items():
        print(f"{name:18} {value if value is not None else ''}")
    print(f"{'payload_hex':18} {payload.hex()}\n{'payload_text':18} {payload.decode('utf-8', 'backslashreplace')}")


def redrive_letters(
    number: Annotated[int | None, typer.Argument(help="its number; without one, all or those of --reason")] = None,
    reason: Reason = None,
    everything: Annotated[bool, typer.Option("--all", help="all that are still dead")] = False,
    as_json: AsJson = False,
) -> None:
    """Try dead letters again, after a correction. They count as received when they first were."""
    from beatwatch.services.servers import Servers, of_running_stack
    from beatwatch.settings import read_settings
    from ingest.redrive import redrive

    if number is None and reason is None and not everything:
        raise InvalidInputError("number", "say which: a number, --reason or --all")
    settings = of_running_stack(read_settings())
    with Servers(settings, broker=False) as servers:
        done = redrive(
            servers.database_url,
            dead_letter_id=number,
            reason=reason,
            adopt=settings.adopt_unknown,
            default_slug=settings.organisation,
        )
    if as_json:
        print(json.dumps({"redriven": done.redriven, "still_dead": done.still_dead}))
    else:
        print(f"redriven {done.redriven}, still dead {done.still_dead}")
