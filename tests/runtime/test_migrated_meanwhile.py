"""A schema that is migrated under running services: they go on, and nothing that comes meanwhile is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import httpx
import psycopg
import pytest

from alerts.options import AlertOptions
from alerts.worker import run as run_alerts
from geofence.worker.service import run as run_geofence
from store.pool import Connection, Pool, Role, open_pool
from tests.alerts.occurrences import conclude, occurrence
from tests.api.conftest import serving
from tests.geofence.worker.plain_engine import PlainEngine
from tests.geofence.worker.readings import VANS, store_fixes
from tests.geofence.worker.test_late_proof import a_day, batches_of
from tests.geofence.worker.test_processes import assert_rows_conclusions
from tests.waiting import wait_until

pytestmark = pytest.mark.server
PREPARED_AFTER = 8  # psycopg has the server prepare what it is asked again and again
_WIDENED = """
SELECT format('ALTER TABLE %%s ADD COLUMN %%I integer', oid::regclass, %s::text)
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relispartition
"""


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    with open_pool(database_url, Role.worker, max_size=2) as pool:
        yield pool


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    """Prepares nothing, so that only the services can stumble."""
    with pool.connection() as connection:
        connection.autocommit = True
        connection.prepare_threshold = None
        for van in VANS:
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (f"van-{van}",))
        yield connection


def migrate_meanwhile(database_url: str) -> None:
    """Give every table another column, as a migration may, all in one transaction."""
    with psycopg.connect(database_url) as owner:
        for (statement,) in owner.execute(_WIDENED, (f"added_{time.monotonic_ns()}",)).fetchall():
            owner.execute(statement.encode())


@contextmanager
def serving_in_a_thread(serve: Callable[[threading.Event], None]) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(stop,))
    thread.start()
    try:
        yield thread
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(30)


def count(connection: Connection, sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(next(iter(row.values())))


def test_alerts_are_opened_before_and_after(connection: Connection, database_url: str) -> None:
    def happen(number: int) -> None:
        conclude(connection, occurrence(f"e{number}", device_id=f"van-{number}"))
        wait_until(lambda: count(connection, "SELECT count(*) FROM alert") == number)

    with serving_in_a_thread(lambda stop: run_alerts(database_url, stop=stop, options=AlertOptions())):
        for number in range(1, PREPARED_AFTER):
            happen(number)
        migrate_meanwhile(database_url)
        happen(PREPARED_AFTER)
        happen(PREPARED_AFTER + 1)


def test_positions_are_judged_before_and_after(connection: Connection, database_url: str) -> None:
    judged = (
        "SELECT (min(batch_cursor) >= (SELECT max(xid)::text::bigint FROM ingest_batch))::integer AS done FROM geofence_lane"
    )
    fixes = a_day(Random(5))
    batches = batches_of(fixes, Random(6), 0.05)
    half = max(PREPARED_AFTER, len(batches) // 2)
    with serving_in_a_thread(lambda stop: run_geofence(database_url, stop=stop, make_engine=PlainEngine)):
        wait_until(lambda: count(connection, "SELECT count(*) FROM geofence_lane") > 0)
        for batch in batches[:half]:
            store_fixes(connection, batch)
            wait_until(lambda: count(connection, judged) == 1)
        migrate_meanwhile(database_url)
        for batch in batches[half:]:
            store_fixes(connection, batch)
        wait_until(lambda: count(connection, judged) == 1)
    assert_rows_conclusions(connection, fixes, ())


def test_who_asks_the_api_notices_nothing_and_who_changes_is_told_to_come_again(
    connection: Connection, database_url: str
) -> None:
    conclude(connection, *(occurrence(f"e{number}", device_id=f"van-{number}") for number in range(3)))
    product = {"product_id": "cola", "name": "Cola", "price": 20}
    with serving(database_url) as address, httpx.Client(base_url=address, timeout=60) as client:
        assert client.post("/products", json=product).status_code == 201
        for _ in range(2):
            for number in range(PREPARED_AFTER):
                assert client.patch("/products/cola", json={"price": number}).status_code == 200
                for path in ("/events", "/vehicles", "/products", "/products/cola"):
                    assert client.get(path).status_code == 200
            migrate_meanwhile(database_url)
            assert client.get("/events").json()["items"]
            migrate_meanwhile(database_url)
            changed = client.patch("/products/cola", json={"price": 99})
            if changed.status_code == 503:
                assert changed.headers["retry-after"]
                changed = client.patch("/products/cola", json={"price": 99})
            assert changed.status_code == 200, changed.text
            assert client.get("/products/cola").json()["price"] == 99
