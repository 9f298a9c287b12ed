from __future__ import annotations

from collections.abc import Iterator

import pytest

from geofence.engine import Engine
from store.pool import Connection, Pool, Role, open_pool
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.readings import VANS


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, Role.worker, max_size=3)
    with pool.connection() as connection:
        for van in VANS:
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (f"van-{van}",))
    yield pool
    pool.close()


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with pool.connection() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def empty(database_url: str) -> Iterator[Connection]:
    """A database without any device."""
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def two_devices(empty: Connection) -> Connection:
    """A database with the devices `van` (1) and `other` (2), which say nothing yet."""
    for key in ("van", "other"):
        empty.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
    return empty


@pytest.fixture
def real(database_url: str) -> Iterator[Bench]:
    """The worker with the real engine."""
    bench = Bench(database_url, Engine)
    yield bench
    bench.session.close()
