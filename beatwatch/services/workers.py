"""The four services as child processes of this one."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path

from beatwatch.services.account import command_as
from beatwatch.services.ports import LOOPBACK, free_port
from beatwatch.services.program import Program

# In the order they start; they are stopped in the opposite order of what feeds them, so each can drain.
WORKERS = ("ingest", "geofence", "alerts")


def worker_programs(state: Path, database_url: str, mqtt_url: str) -> list[Program]:
    """Ingest, geofence and alerts, connected to these servers."""
    urls = {"DATABASE_URL": database_url, "MQTT_URL": mqtt_url}
    return [_worker(name, state, urls) for name in WORKERS]


def metrics_addresses(programs: list[Program]) -> dict[str, str]:
    """Where each worker among `programs` tells its figures."""
    ports = {program.name: program.environment.get("METRICS_PORT") for program in programs}
    return {name: f"http://{LOOPBACK}:{port}/metrics" for name, port in ports.items() if port}


def api_program(state: Path, database_url: str, port: int) -> Program:
    """The API and console at `port` of the loopback interface."""
    environment = {"DATABASE_URL": database_url, "API_PORT": str(port), "API_HOST": LOOPBACK}
    return _program("api", state, environment, f"http://{LOOPBACK}:{port}/readyz")


def _worker(name: str, state: Path, urls: dict[str, str]) -> Program:
    port = free_port()
    return _program(name, state, {**urls, "METRICS_PORT": str(port)}, f"http://{LOOPBACK}:{port}/readyz")


def _program(name: str, state: Path, environment: dict[str, str], probe: str) -> Program:
    return Program(
        name=name,
        command=command_as(None, [sys.executable, "-m", "beatwatch", name]),
        log=state / "logs" / f"{name}.log",
        ready=lambda: _says_ok(probe),
        environment=environment,
        start_timeout_s=900.0,  # the first start compiles the kernels, which takes minutes on a busy machine
    )


def _says_ok(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1.0) as answer:  # noqa: S310  # our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
