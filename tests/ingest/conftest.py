"""The ingest service as a process, against a broker and a database of the tests' own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import free_port
from beatwatch.services.program import Program
from ingest.decoding import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from store.telemetry_writer import TelemetryWriter
from tests.waiting import wait_until
from wire.codec import Codec
from wire.registry import codec
from wire.topics import Route, Router


class IngestProcess:
    """`beatwatch ingest`, to be killed and started again."""

    def __init__(self, database_url: str, mqtt_url: str, log: Path, **settings: str) -> None:
        self.metrics_port = free_port()
        self.environment = {**os.environ, "DATABASE_URL": database_url, "MQTT_URL": mqtt_url, **settings}
        self.environment["METRICS_PORT"] = str(self.metrics_port)
        self._log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it serves."""
        before = self.log().count("ingest is ready")
        self.spawn()
        wait_until(lambda: self.log().count("ingest is ready") > before)

    def spawn(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "beatwatch", "ingest"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def end(self, number: signal.Signals, timeout_s: float = 20.0) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""


@pytest.fixture
def own_broker() -> Iterator[tuple[Program, str]]:
    """A broker of this test alone, which it may kill."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-") as name:
        Path(name).chmod(0o755)
        program, url = embedded_mosquitto(Path(name), free_port())
        program.start()
        yield program, url
        program.stop()


@pytest.fixture
def ingest(database_url: str, own_broker: tuple[Program, str], tmp_path: Path) -> Iterator[IngestProcess]:
    service = IngestProcess(database_url, own_broker[1], tmp_path / "ingest.log")
    yield service
    if service.process is not None and service.process.poll() is None:
        service.process.kill()
        service.process.wait()


@pytest.fixture
def one_value(database_url: str) -> Iterator[Callable[[str], Any]]:
    """Asks the database for one value, as its owner."""
    with psycopg.connect(database_url, autocommit=True) as connection:

        def ask(query: str) -> Any:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

        yield ask


NOW_US = 1_777_885_200_000_000
FIX = {"fix_time": NOW_US // 1000, "longitude_deg": 77.5, "latitude_deg": 12.9, "seq": 1}


def delivery(payload: object, topic: str = "bw/1/default/van/pos", *, retained: bool = False) -> Delivery:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Delivery(topic, content, NOW_US, retained, None)


@pytest.fixture
def make_pipeline(database_url: str) -> Iterator[Callable[..., Pipeline]]:
    writers = []

    def make(*, adopt: bool = True, codec_of: Callable[[Route], Codec] = lambda route: codec(route.format)) -> Pipeline:
        writer = TelemetryWriter(database_url)
        writers.append(writer)
        registry = Registry(writer, adopt=adopt, default_slug="default")
        return Pipeline(Decoder(Router(), codec_of), registry, writer, Screening())

    yield make
    for writer in writers:
        writer.close()
