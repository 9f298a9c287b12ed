"""`beatwatch migrate`: bring the database's schema up to date."""

from __future__ import annotations

import typer

from beatwatch.commands.settings_help import SettingsCommand


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("migrate", cls=SettingsCommand)(migrate)


def migrate() -> None:
    """Bring the schema of DATABASE_URL, or of the embedded database, up to date."""
    from beatwatch.services.servers import Servers
    from beatwatch.settings import read_settings
    from store.migrate import migrate as apply_missing

    with Servers(read_settings(), broker=False) as servers:
        applied = apply_missing(servers.database_url)
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")
