"""The firmware's host programs, built by its own Makefile, and a broker that may be stopped."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import free_port
from beatwatch.services.program import Program
from tests.ingest.conftest import IngestProcess

FIRMWARE = Path(__file__).parents[2] / "firmware_stubs"
VECTORS = FIRMWARE / "vectors"


@pytest.fixture(scope="session")
def host_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with tracker, shelf, decode_configuration and golden; skips where they cannot be compiled."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    needs = ["gcc:gcc", "mosquitto.h:libmosquitto-dev", "openssl/evp.h:libssl-dev"]
    missing = subprocess.run(["./need", *needs], cwd=FIRMWARE, capture_output=True, text=True, check=False)
    if missing.returncode != 0:
        pytest.skip(missing.stderr.strip())
    lock = tmp_path_factory.getbasetemp().parent / "firmware.lock"
    subprocess.run(["flock", lock, "make", "--silent", "-C", FIRMWARE, "host"], check=True, capture_output=True)
    return FIRMWARE / "build" / "host"


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
    service.start()
    yield service
    if service.process is not None and service.process.poll() is None:
        service.process.kill()
        service.process.wait()
