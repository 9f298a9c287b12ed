"""`beatwatch ingest`: the service that stores what devices send."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("ingest")(ingest)


def ingest() -> None:
    """Store what devices send to the broker, until SIGTERM."""
    from beatwatch.health import serving_health
    from beatwatch.logs import configure_logs
    from beatwatch.services.servers import Servers
    from beatwatch.services.supervisor import stop_requested
    from beatwatch.settings import read_settings
    from ingest.__main__ import IngestOptions, run

    settings = read_settings()
    configure_logs(settings)
    options = IngestOptions(adopt_unknown=settings.adopt_unknown, default_organisation=settings.organisation)
    with stop_requested() as stop, serving_health(settings.metrics_port) as health, Servers(settings) as servers:
        run(servers.database_url, servers.mqtt_url, stop, options, health.ready.set)
