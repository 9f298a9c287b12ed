"""`beatwatch quarantine`: readings that are stored and not judged, because their time cannot be."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group of commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Readings that are stored and not judged.")
    group.command("list")(list_readings)
    group.callback()(lambda: None)
    app.add_typer(group, name="quarantine")


def list_readings(
    reason: Annotated[
        str | None, typer.Option(help="clock_ahead, clock_behind, week_rollover, no_time or device_disabled")
    ] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """The newest quarantined readings."""
    from beatwatch.commands.tables import show
    from beatwatch.worker_connection import worker_connection
    from domain.errors import InvalidInputError
    from domain.grades import GradeReason
    from store.quarantine import list_quarantined

    names = [known.name for known in GradeReason]
    if reason is not None and reason not in names:
        raise InvalidInputError("--reason", f"{reason!r} is none of {', '.join(names)}")
    with worker_connection() as connection:
        rows = list_quarantined(connection, None if reason is None else GradeReason[reason], limit)
    show(rows, ("received_at", "organisation", "device", "kind", "time", "reason"), as_json=as_json)
