"""Everything on one machine: servers, workers and API, started in order and drained in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from beatwatch.services.ports import LOOPBACK, wanted_port
from beatwatch.services.program import Program
from beatwatch.services.servers import Servers
from beatwatch.services.workers import api_program, worker_programs
from beatwatch.settings import Settings
from store.migrate import migrate


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything that `up` started is to be found."""

    database_url: str
    mqtt_url: str
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
            running_servers.mqtt_url,
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
    broker = running.mqtt_url.rsplit("@", 1)[-1].removeprefix("mqtt://")
    return (
        f"console            {running.console_url}/\nAPI documentation  {running.console_url}/docs\nMQTT broker        {broker}"
    )
