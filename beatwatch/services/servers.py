"""The database and the broker: one's own by URL, those that already run below the state folder, or new embedded ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from beatwatch.services.broker import EmbeddedBroker, embedded_broker
from beatwatch.services.ports import LOOPBACK, free_port
from beatwatch.services.postgres import embedded_postgres
from beatwatch.services.program import Program
from beatwatch.settings import Settings
from domain.errors import UnavailableError
from store.migrate import migrate


class Servers:
    """A context in which `database_url` and `mqtt_url` lead to running servers; devices find the broker at `mqtt_address`.

    What it started it also stops. `programs` are those, for a supervisor to watch. Raises UnavailableError or
    SettingsError, on entering, when a server cannot be had.
    """

    def __init__(self, settings: Settings, *, broker: bool = True) -> None:
        self.database_url = settings.database_url
        self.mqtt_url = settings.mqtt_url
        self.gateway_url = settings.mqtt_url
        self.programs: list[Program] = []
        self._settings = settings
        self._state = settings.beatwatch_state
        self._embedded: EmbeddedBroker | None = None
        self._broker = broker

    def __enter__(self) -> Self:
        try:
            if not self.database_url:
                self.database_url = self._shared("postgres", self._start_postgres)["url"]
            if self._broker and not self.mqtt_url:
                urls = self._shared("mosquitto", self._start_mosquitto)
                self.mqtt_url, self.gateway_url = urls["url"], urls["gateway_url"]
            if self._embedded is not None:
                self._embedded.keep_accounts(self.database_url)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    @property
    def mqtt_address(self) -> str:
        """Host and port for devices."""
        return _address(self.gateway_url)

    @property
    def mqtt_tls_address(self) -> str | None:
        """Host and port for devices that encrypt, if the embedded broker listens for them."""
        return None if self._embedded is None else self._embedded.tls_address

    def _stop(self) -> None:
        if self._embedded is not None:
            self._embedded.release()
        for program in reversed(self.programs):
            program.stop()
            self._note(program.name).unlink(missing_ok=True)

    def _shared(self, name: str, start: Callable[[], tuple[Program, Mapping[str, str]]]) -> Mapping[str, str]:
        """The URLs of the server of that name: another process's if it lives, else one that `start` makes."""
        running = _read_note(self._note(name))
        if running is not None:
            return running
        program, urls = start()
        program.start()
        self.programs.append(program)
        _write_note(self._note(name), {**urls, "owner_pid": os.getpid()})
        return urls

    def _note(self, name: str) -> Path:
        return self._state / f"{name}.json"

    def _start_postgres(self) -> tuple[Program, Mapping[str, str]]:
        postgres = embedded_postgres(self._state, free_port())
        return postgres.program, {"url": postgres.url}

    def _start_mosquitto(self) -> tuple[Program, Mapping[str, str]]:
        broker = self._embedded = embedded_broker(self._settings)
        return broker.program, {"url": broker.service_url, "gateway_url": broker.gateway_url}


def migrate_own(servers: Servers) -> None:
    """Bring the schema of the database up to date, if it was started here and nobody else looks after it."""
    if any(program.name == "postgres" for program in servers.programs):
        migrate(servers.database_url)


def of_running_stack(settings: Settings) -> Settings:
    """The same, with the state folder of the demonstration where that runs and nothing else does."""
    demonstration = settings.beatwatch_state / "demo"
    runs = [
        any(_read_note(state / f"{name}.json") for name in ("postgres", "mosquitto"))
        for state in (settings.beatwatch_state, demonstration)
    ]
    return settings.model_copy(update={"beatwatch_state": demonstration}) if runs == [False, True] else settings


def running_broker(settings: Settings) -> str:
    """MQTT_URL, or the embedded broker that another process runs, as its gateway. Raises UnavailableError without either."""
    if settings.mqtt_url:
        return settings.mqtt_url
    note = _read_note(of_running_stack(settings).beatwatch_state / "mosquitto.json")
    if note is None:
        raise UnavailableError("no broker is running; start `beatwatch up` beside this, or set MQTT_URL")
    return str(note["gateway_url"])


def with_log_in(settings: Settings, url: str) -> str:
    """`url`, with the gateway's log-in if it names the embedded broker that another process runs and none of its own."""
    note = _read_note(of_running_stack(settings).beatwatch_state / "mosquitto.json")
    if note is None or urlsplit(url).username is not None or _address(url) != _address(note["gateway_url"]):
        return url
    return str(note["gateway_url"])


def _address(url: str) -> str:
    parts = urlsplit(url)
    host = LOOPBACK if parts.hostname == "localhost" else parts.hostname
    return f"{host}:{parts.port or 1883}"


def _read_note(note: Path) -> dict[str, Any] | None:
    """What another living process noted about a server it started."""
    try:
        content: dict[str, Any] = json.loads(note.read_text())
        os.kill(content["owner_pid"], 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
        return None
    return content


def _write_note(note: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # the URL holds the password
    with os.fdopen(descriptor, "w") as stream:
        json.dump(content, stream)
