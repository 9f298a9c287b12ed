"""`beatwatch backtest`: stored days judged again with other parameters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geofence.worker.backtest import Difference


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("backtest")(backtest)


def backtest(
    first: Annotated[str, typer.Option("--from", help="first day, such as 2026-03-01 (UTC)")],
    last: Annotated[str, typer.Option("--to", help="last day, which counts too")],
    org: Annotated[str, typer.Option(help="slug of the organisation; that of the settings if left out")] = "",
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="[route.NAME.]rule.parameter=value, as often as needed")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs, with the events that are gained or lost")] = False,
) -> None:
    """Judge stored days again with other parameters: events now against events then, by rule. Writes nothing."""
    from rich.console import Console
    from rich.progress import Progress

    from beatwatch.services.servers import Servers
    from beatwatch.settings import read_settings
    from geofence.collector import spare_the_collector
    from geofence.parameters import parse_changes
    from geofence.worker.backtest import backtest as judge_again
    from store.organisations import find_organisation
    from store.pool import Role, open_pool

    since, until = _day("--from", first), _day("--to", last) + timedelta(days=1)
    if until <= since:
        raise InvalidInputError("--to", f"{last} is before {first}")
    parameters = parse_changes(changes or ())
    settings = read_settings()
    console = Console(stderr=True)
    with (
        Servers(settings, broker=False) as servers,
        open_pool(servers.database_url, Role.worker, max_size=1) as pool,
        pool.connection() as connection,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        org_id = find_organisation(connection, org or settings.organisation)
        task = bar.add_task("judging", total=None)
        spare_the_collector()
        found = judge_again(
            connection, org_id, since, until, parameters, lambda done, total: bar.update(task, completed=done, total=total)
        )
    _show(found, as_json=as_json)


def _day(option: str, text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(option, f"{text!r} is not a day such as 2026-03-01") from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _show(found: Mapping[str, Difference], *, as_json: bool) -> None:
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table

    if as_json:
        print(msgspec.json.encode({"rules": {rule: asdict(difference) for rule, difference in found.items()}}).decode())
        return
    table = Table("rule", "then", "now", "gained", "lost")
    for rule, difference in found.items():
        counts = (difference.then, difference.now, len(difference.gained), len(difference.lost))
        table.add_row(rule, *map(str, counts))
    Console().print(table)
