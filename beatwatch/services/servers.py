"""The database and the broker: one's own by URL, those that already run below the state folder, or new embedded ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import free_port, wanted_port
from beatwatch.services.postgres import embedded_postgres
from beatwatch.services.program import Program
from beatwatch.settings import Settings
from domain.errors import UnavailableError


class Servers:
    """A context in which `database_url` and `mqtt_url` lead to running servers.

    What it started it also stops. `programs` are those, for a supervisor to watch. Raises UnavailableError or
    SettingsError, on entering, when a server cannot be had.
    """

    def __init__(self, settings: Settings, *, broker: bool = True) -> None:
        self.database_url = settings.database_url
        self.mqtt_url = settings.mqtt_url
        self.programs: list[Program] = []
        self._state = settings.beatwatch_state
        self._mqtt_port = settings.mqtt_port
        self._broker = broker

    def __enter__(self) -> Self:
        try:
            if not self.database_url:
                self.database_url = self._shared("postgres", self._start_postgres)
            if self._broker and not self.mqtt_url:
                self.mqtt_url = self._shared("mosquitto", self._start_mosquitto)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        for program in reversed(self.programs):
            program.stop()
            self._note(program.name).unlink(missing_ok=True)

    def _shared(self, name: str, start: Callable[[], tuple[Program, str]]) -> str:
        """The URL of the server of that name: another process's if it lives, else one that `start` makes."""
        running = _read_note(self._note(name))
        if running is not None:
            return str(running["url"])
        program, url = start()
        program.start()
        self.programs.append(program)
        _write_note(self._note(name), {"url": url, "owner_pid": os.getpid()})
        return url

    def _note(self, name: str) -> Path:
        return self._state / f"{name}.json"

    def _start_postgres(self) -> tuple[Program, str]:
        postgres = embedded_postgres(self._state, free_port())
        return postgres.program, postgres.url

    def _start_mosquitto(self) -> tuple[Program, str]:
        return embedded_mosquitto(self._state, wanted_port(self._mqtt_port, "MQTT_PORT"))


def running_broker(settings: Settings) -> str:
    """MQTT_URL, or the URL of the embedded broker that another process runs. Raises UnavailableError without either."""
    if settings.mqtt_url:
        return settings.mqtt_url
    note = _read_note(settings.beatwatch_state / "mosquitto.json")
    if note is None:
        raise UnavailableError("no broker is running; start `beatwatch up` beside this, or set MQTT_URL")
    return str(note["url"])


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
