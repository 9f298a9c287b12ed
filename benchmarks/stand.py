"""A test stand: a broker, a database, and our services as processes, all of their own and thrown away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import free_port
from beatwatch.services.postgres import embedded_postgres
from beatwatch.services.program import Program
from benchmarks.processor import memory_mib
from store.migrate import migrate


@dataclass(slots=True)
class Service:
    """`beatwatch NAME` as a process that can be killed, stopped and started again."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self.spawn()
        port = self.environment["METRICS_PORT"]
        wait_until(lambda: fetched(f"http://127.0.0.1:{port}/readyz") is not None, 600.0, f"{self.name} to be ready")

    def spawn(self) -> None:
        """Start it and do not wait."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "beatwatch", self.name]
            self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=log, stderr=log)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; its exit status."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self.process is not None
        return self.process.pid

    def memory_mib(self) -> float:
        """Its resident memory."""
        return memory_mib(self.pid)


@dataclass(slots=True)
class Stand:
    """Where everything is."""

    folder: Path
    database_url: str
    mqtt_url: str
    broker: Program
    broker_folder: Path
    postgres: Program
    services: dict[str, Service] = field(default_factory=dict)
    _connection: psycopg.Connection[Any] | None = None

    def service(self, name: str, **settings: str) -> Service:
        """A service of this stand, not yet started."""
        environment = {
            "DATABASE_URL": self.database_url,
            "MQTT_URL": self.mqtt_url,
            "METRICS_PORT": str(free_port()),
            **settings,
        }
        self.services[name] = Service(name, environment, self.folder / f"{name}.log")
        return self.services[name]

    def one(self, query: str) -> Any:
        """One value from the database. Raises psycopg.OperationalError while it is away."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.database_url, autocommit=True)
        row = self._connection.execute(query.encode()).fetchone()
        return None if row is None else row[0]


@contextmanager
def broker_alone() -> Iterator[tuple[Program, str]]:
    """Another broker with the same settings, and its URL."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-bench-") as name:
        Path(name).chmod(0o755)
        program, url = embedded_mosquitto(Path(name), free_port())
        program.start()
        try:
            yield program, url
        finally:
            program.stop()


@contextmanager
def stand(disk: Callable[[Path], AbstractContextManager[Path]] = nullcontext) -> Iterator[Stand]:
    """Start the servers, migrate, and stop everything in the end. `disk` prepares the folder of the broker."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = embedded_postgres(folder, free_port())
        postgres.program.start()
        stack.callback(postgres.program.stop)
        migrate(postgres.url)
        (folder / "broker").mkdir(mode=0o755)
        broker_folder = stack.enter_context(disk(folder / "broker"))
        broker, url = embedded_mosquitto(broker_folder, free_port())
        broker.start()
        stack.callback(broker.stop)
        standing = Stand(folder, postgres.url, url, broker, broker_folder, postgres.program)
        stack.callback(lambda: [service.end() for service in standing.services.values()])
        yield standing


def publish_load(mqtt_url: str, report: Path, **options: float | str) -> dict[str, Any]:
    """Run `beatwatch load` as a process of its own and return its report."""
    command = [sys.executable, "-m", "beatwatch", "load", "--mqtt", mqtt_url, "--json", str(report)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    document: dict[str, Any] = json.loads(report.read_text())
    return document


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError naming `what` was waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.05)


def fetched(address: str) -> str | None:
    """The body of an answer, if there is one."""
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(address, timeout=1.0) as answer:  # noqa: S310  # our own loopback address
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None
