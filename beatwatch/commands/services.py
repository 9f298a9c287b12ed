"""`beatwatch ingest | geofence | alerts | api`: one service each, until SIGTERM, after which it drains and ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from beatwatch.commands.settings_help import SettingsCommand

if TYPE_CHECKING:
    from collections.abc import Callable

    from beatwatch.settings import Settings
    from store.content import ContentStore
    from store.pruning import Ages


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (ingest, geofence, alerts, api):
        app.command(command.__name__, cls=SettingsCommand)(command)


@dataclass(frozen=True, slots=True)
class _Service:
    """What a worker is given: its settings, where its servers are, when to stop, whom to tell that it serves."""

    settings: Settings
    database_url: str
    mqtt_url: str
    stop: threading.Event
    on_ready: Callable[[], None]


@contextmanager
def _service(*, broker: bool = False) -> Iterator[_Service]:
    from beatwatch.health import serving_health
    from beatwatch.logs import configure_logs
    from beatwatch.services.servers import Servers, migrate_own
    from beatwatch.services.supervisor import stop_requested
    from beatwatch.settings import read_settings

    settings = read_settings()
    configure_logs(settings)
    with (
        stop_requested() as stop,
        Servers(settings, broker=broker) as servers,
        serving_health(settings.metrics_port, settings.metrics_host) as health,
    ):
        migrate_own(servers)
        yield _Service(settings, servers.database_url, servers.mqtt_url, stop, health.ready.set)


def ingest() -> None:
    """Take messages from the broker, store them, and only then acknowledge them."""
    from ingest.__main__ import IngestOptions, run
    from ingest.screening import Screening
    from ingest.sources.broker_client import session_name

    with _service(broker=True) as service:
        settings = service.settings
        options = IngestOptions(
            client_id=settings.mqtt_client_id or session_name(service.mqtt_url),
            adopt_unknown=settings.adopt_unknown,
            default_organisation=settings.organisation,
            screening=Screening(max_age_s=86_400 * settings.max_fix_age_days),
            device_rate_per_s=settings.device_rate_per_s,
            ca_file=settings.mqtt_ca_file or None,
            retention_days=settings.retention_days,
        )
        run(service.database_url, service.mqtt_url, service.stop, options, service.on_ready)


def geofence() -> None:
    """Judge what is stored: zones, stops, visits, routes and the rules over them."""
    from geofence.worker import run

    with _service() as service:
        run(service.database_url, stop=service.stop, on_ready=service.on_ready)


def alerts() -> None:
    """Judge by own rules, turn events into alerts and tell people; at night learn from them, and forget what is old."""
    from concurrent.futures import ThreadPoolExecutor

    from alerts.options import AlertOptions
    from alerts.worker import run
    from beatwatch.push_keys import private_key
    from beatwatch.upkeep import keep_up
    from own_rules.worker import run as judge_own_rules

    with _service() as service, ThreadPoolExecutor(2, thread_name_prefix="beside") as beside:
        names = AlertOptions.__dataclass_fields__
        said = {name: getattr(service.settings, name) for name in names}
        options = AlertOptions(**{**said, "vapid_private_key": private_key(service.settings)})
        beside.submit(keep_up, service.database_url, _ages(service.settings), service.stop)
        beside.submit(judge_own_rules, service.database_url, stop=service.stop)
        run(service.database_url, stop=service.stop, on_ready=service.on_ready, options=options)


def _ages(settings: Settings) -> Ages:
    from datetime import timedelta

    from store.pruning import Ages

    names = Ages._fields
    days = {name: getattr(settings, f"{name}_days") for name in names}
    return Ages(**{name: timedelta(days=count) if count else None for name, count in days.items()})


def api() -> None:
    """Serve the API, the live stream, the console and the maps."""
    import uvicorn

    from api.app import create_app
    from api.limits import Rate
    from beatwatch.logs import configure_logs
    from beatwatch.push_keys import private_key, public_key
    from beatwatch.services.ports import wanted_port
    from beatwatch.services.servers import Servers, migrate_own
    from beatwatch.settings import read_settings
    from beatwatch.settlement_rule import judge_by_thresholds

    settings = read_settings()
    configure_logs(settings)
    with Servers(settings, broker=False) as servers:
        migrate_own(servers)
        app = create_app(
            servers.database_url,
            organisation=settings.organisation,
            tile_url=settings.tile_url,
            sign_in=settings.sign_in,
            link_secret=settings.link_secret,
            push_key=public_key(private_key(settings)),
            content=_content(settings),
            settlement_judge=judge_by_thresholds,
            media_max_bytes=settings.media_max_bytes,
            webhooks_to_private=settings.webhooks_to_private,
            webhook_log_days=settings.webhook_log_days,
            otp_webhook_url=settings.otp_webhook_url,
            rate=Rate(settings.api_rate_per_s, settings.api_burst),
        )
        port = wanted_port(settings.api_port, "API_PORT")
        uvicorn.run(
            app,
            host=settings.api_host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=5,  # streams end when they are told to, and not by themselves
        )


def _content(settings: Settings) -> ContentStore:
    """A bucket where one is set, else a folder of the state."""
    from store.bucket import BucketAccess, BucketStore
    from store.content import FolderStore

    if not settings.media_s3_url:
        return FolderStore(settings.beatwatch_state / "media")
    access = (settings.media_s3_url, settings.media_s3_region, settings.media_s3_key_id, settings.media_s3_secret)
    return BucketStore(BucketAccess(*access))
