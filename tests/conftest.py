"""Real servers for the tests: one PostgreSQL cluster and one broker per test process, started at first use."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import free_port
from beatwatch.services.postgres import embedded_postgres
from store.migrate import migrate
from store.pool import Connection, Role, open_pool
from store.session import Session, open_session
from tests.browsing import launched
from tests.waiting import PATIENCE_MS

# How long an example takes says more about the machine than about the code. What a change must pass is the same for
# each change; at the desk every run tries other examples.
settings.register_profile(
    "beatwatch", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("beatwatch")
expect.set_options(timeout=PATIENCE_MS)

_TEMPLATE = f"migrated_template_{os.getpid()}"
_numbers = itertools.count(1)

# A cluster that is thrown away need not survive a power cut.
_THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_connections": "200",
}
_MEMORY = Path("/dev/shm")  # a database is a thousand files, which cost thirty times as much to copy on a disk
_ROOM_BYTES = 4 << 30


def database_named(url: str, name: str) -> str:
    """The same server's URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser. Skips where there is none."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real tracks, polygons and payloads, which are not part of the project; skips where they are absent."""
    folder = Path(os.environ.get("BEATWATCH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder}; set BEATWATCH_SHARED_DATA")
    return folder


@contextmanager
def _open_folder(parent: Path | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="beatwatch-", dir=parent) as name:
        Path(name).chmod(0o755)  # the servers' account must be able to walk into it
        yield Path(name)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that the servers' account can reach."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a superuser: of TEST_DATABASE_URL's server, such as one with TimescaleDB, or of a throw-away cluster."""
    if own := os.environ.get("TEST_DATABASE_URL"):
        yield own
        return
    with _open_folder(_roomy_memory()) as folder:
        yield from _postgres_url(folder)


def _roomy_memory() -> Path | None:
    """The file system in memory, where there is one with room for the databases of a test run."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES else None


def _postgres_url(folder: Path) -> Iterator[str]:
    postgres = embedded_postgres(folder, free_port(), _THROWAWAY)
    postgres.program.start()
    yield postgres.url
    postgres.program.stop()


@pytest.fixture(scope="session")
def _migrated_template(postgres_url: str) -> Iterator[str]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}".encode())
        connection.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
        migrate(database_named(postgres_url, _TEMPLATE))
        # A template must have no sessions, and TimescaleDB's background workers open one in every database.
        connection.execute(f"ALTER DATABASE {_TEMPLATE} ALLOW_CONNECTIONS false".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (_TEMPLATE,))
        yield postgres_url
        connection.execute(f"DROP DATABASE {_TEMPLATE} WITH (FORCE)".encode())


@pytest.fixture
def database_url(_migrated_template: str) -> Iterator[str]:
    """A fresh database with the whole schema."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(_migrated_template, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY".encode())
        yield database_named(_migrated_template, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A worker's connection, on which each statement is a transaction of its own."""
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """A worker's session, which commits where it says so."""
    session = open_session(database_url, Role.worker)
    yield session
    session.close()


@pytest.fixture(scope="session")
def mqtt_url() -> Iterator[str]:
    """The URL of a broker of the tests' own."""
    with _open_folder() as folder:
        program, url = embedded_mosquitto(folder, free_port())
        program.start()
        yield url
        program.stop()
