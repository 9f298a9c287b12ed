"""Everything on one machine: servers, workers and API, started in order and drained in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beatwatch.services.ports import LOOPBACK, wanted_port
from beatwatch.services.program import Program
from beatwatch.services.servers import Servers
from beatwatch.services.workers import api_program, metrics_addresses, worker_programs
from beatwatch.settings import Settings
from store.migrate import migrate

_ANONYMOUS = "; devices of this machine that have none are let in without (MQTT_ANONYMOUS)"


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything that `up` started is to be found."""

    database_url: str
    gateway_url: str  # of the broker, for who speaks in many devices' names
    mqtt_address: str  # of the broker, for devices
    mqtt_tls_address: str | None
    anonymous: bool  # devices of this machine are let in without a log-in
    console_url: str
    programs: list[Program]
    _services: list[Program]

    def drain(self) -> None:
        """Stop the services one after the other, in the order in which data flows, so that each finishes what it was given."""
        for program in self._services:
            program.stop()


@contextmanager
def everything(settings: Settings) -> Iterator[Running]:
    """Run servers, workers and API while the context lasts; on leaving, each drains before what it feeds is stopped."""
    port = wanted_port(settings.api_port, "API_PORT")
    with Servers(settings) as running_servers:
        migrate(running_servers.database_url)
        workers = worker_programs(settings.beatwatch_state, running_servers.database_url, running_servers.mqtt_url)
        api = api_program(settings.beatwatch_state, running_servers.database_url, port)
        services = [*workers, api]
        running = Running(
            running_servers.database_url,
            running_servers.gateway_url,
            running_servers.mqtt_address,
            running_servers.mqtt_tls_address,
            settings.mqtt_anonymous and not settings.mqtt_url,
            f"http://{LOOPBACK}:{port}",
            [*running_servers.programs, *services],
            services,
        )
        try:
            for program in services:
                program.start()
            yield running
        finally:
            running.drain()


def addresses(running: Running) -> str:
    """What to open and where to connect, for people."""
    lines = [
        f"console            {running.console_url}/",
        f"drivers' page      {running.console_url}/driver",
        f"API documentation  {running.console_url}/docs",
        f"MQTT broker        {running.mqtt_address}",
    ]
    if running.mqtt_tls_address is not None:
        lines.append(f"MQTT over TLS      {running.mqtt_tls_address}")
    lines.append("                   log-ins: beatwatch device add NAME" + (_ANONYMOUS if running.anonymous else ""))
    lines += [f"metrics            {address} of {name}" for name, address in metrics_addresses(running.programs).items()]
    return "\n".join(lines)
