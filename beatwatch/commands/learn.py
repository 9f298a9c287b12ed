"""`beatwatch learn`: proposals from what people said about alerts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("learn")(learn)


def learn(
    days: Annotated[int, typer.Option(min=1, max=366, help="how many days back to look")] = 28,
    org: Annotated[str, typer.Option(help="slug of the organisation; that of the settings if left out")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be proposed, and propose nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Propose thresholds, approved places and pins from closed alerts and proofs, each with its before and after.

    Proposals wait as approvals until somebody decides. Run it nightly.
    """
    from rich.console import Console
    from rich.progress import Progress

    from beatwatch.lessons import proposals, propose
    from beatwatch.services.servers import Servers
    from beatwatch.settings import read_settings
    from store.lessons import Period
    from store.organisations import find_organisation
    from store.pool import Role, open_pool

    settings = read_settings()
    now = datetime.now(UTC)
    console = Console(stderr=True)
    with (
        Servers(settings, broker=False) as servers,
        open_pool(servers.database_url, Role.worker, max_size=1) as pool,
        pool.connection() as connection,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        org_id = find_organisation(connection, org or settings.organisation)
        task = bar.add_task("judging again", total=None)
        period = Period(now - timedelta(days=days), now)
        learned = proposals(connection, org_id, period, lambda done, all_: bar.update(task, completed=done, total=all_))
        found = [(one, not dry_run and propose(connection, org_id, one, now)) for one in learned]
    _show([{**asdict(proposal), "asked": asked} for proposal, asked in found], as_json=as_json)


def _show(found: list[dict[str, object]], *, as_json: bool) -> None:
    import msgspec
    from rich.console import Console
    from rich.table import Table

    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    table = Table("proposal", "of", "why", "asked")
    for row in found:
        table.add_row(str(row["kind"]), str(row["subject_id"]), str(row["why"]), "yes" if row["asked"] else "no")
    Console().print(table)
