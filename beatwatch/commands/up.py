"""`beatwatch up`: everything on one machine, and `beatwatch servers`: only the database and the broker."""

from __future__ import annotations

from typing import Annotated

import typer

from beatwatch.commands.settings_help import SettingsCommand


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up", cls=SettingsCommand)(up)
    app.command("servers", cls=SettingsCommand)(servers)


def up(
    port: Annotated[int | None, typer.Option(help="port of the console and the API; 0 picks a free one")] = None,
) -> None:
    """Run the servers that are not given by URL, the workers and the API until Ctrl-C."""
    from beatwatch.logs import configure_logs
    from beatwatch.services.stack import addresses, everything
    from beatwatch.services.supervisor import Supervisor, stop_requested
    from beatwatch.settings import read_settings

    settings = read_settings() if port is None else read_settings().model_copy(update={"api_port": port})
    configure_logs(settings)
    with stop_requested() as stop, everything(settings) as running:
        print(addresses(running), flush=True)
        Supervisor(running.programs).watch(stop)


def servers() -> None:
    """Run only the embedded database and broker until Ctrl-C; services started meanwhile use them."""
    from beatwatch.logs import configure_logs
    from beatwatch.services.servers import Servers
    from beatwatch.services.supervisor import Supervisor, stop_requested
    from beatwatch.settings import read_settings
    from store.migrate import migrate

    settings = read_settings()
    configure_logs(settings)
    with stop_requested() as stop, Servers(settings) as running:
        migrate(running.database_url)
        print(f"DATABASE_URL={running.database_url}\nMQTT_URL={running.mqtt_url}", flush=True)
        Supervisor(running.programs).watch(stop)
