"""Workers as processes: killed without warning, and with the database going away under them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from domain.trips import Trip
from store.planning import save_trip
from store.pool import Connection
from tests.geofence.worker.readings import Fix, store_fixes
from tests.geofence.worker.test_late_proof import a_day, batches_of, expected, stored, trips
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]
ROOT = Path(__file__).parents[3]


@contextmanager
def worker(database_url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.geofence.worker.plain_worker", database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "ready" not in process.stdout.readline():
            assert process.poll() is None
        yield process
        process.kill()


def is_judged(connection: Connection) -> bool:
    row = connection.execute(
        "SELECT min(batch_cursor) >= (SELECT max(xid)::text::bigint FROM ingest_batch) AS done FROM geofence_lane"
    ).fetchone()
    return bool(row and row["done"])


def holders(connection: Connection) -> dict[int, int]:
    rows = connection.execute(
        "SELECT pid, count(*) AS lanes FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid < 64 AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid"
    ).fetchall()
    return {row["pid"]: row["lanes"] for row in rows}


def assert_rows_conclusions(connection: Connection, fixes: list[Fix], planned: tuple[Trip, ...]) -> None:
    """All that rows alone decide is there; what else is there, a tick decided, and how far that came depends on the clock."""
    for found, wanted in zip(stored(connection), expected(fixes, None, planned), strict=True):
        assert wanted - found == set()
        assert {str(row[0]).split("/")[0] for row in found - wanted} <= {"silent_device", "missed_stop", "t1", "t2", "t3"}


def test_killed_workers_leave_no_trace(connection: Connection, database_url: str) -> None:
    random = Random(31)
    fixes = a_day(random)
    for trip in trips():
        save_trip(connection, 1, trip)
    batches = batches_of(fixes, random, 0.05)
    for round_no in range(4):
        with worker(database_url) as process:
            for batch in batches[round_no::4]:
                store_fixes(connection, batch)
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
    with worker(database_url) as process:
        wait_until(lambda: is_judged(connection))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert_rows_conclusions(connection, fixes, trips())


def test_the_lanes_of_a_killed_worker_move_to_the_others(connection: Connection, database_url: str) -> None:
    fixes = a_day(Random(32))
    half = len(fixes) // 2
    with worker(database_url) as first, worker(database_url):
        wait_until(lambda: sorted(holders(connection).values()) == [32, 32])
        store_fixes(connection, fixes[:half])
        wait_until(lambda: is_judged(connection))
        first.send_signal(signal.SIGKILL)
        store_fixes(connection, fixes[half:])
        wait_until(lambda: sorted(holders(connection).values()) == [64])
        wait_until(lambda: is_judged(connection))
    assert_rows_conclusions(connection, fixes, ())


def test_a_broken_connection_is_made_again(connection: Connection, database_url: str, postgres_url: str) -> None:
    import psycopg

    fixes = a_day(Random(33))
    with worker(database_url) as process:
        for batch in (fixes[::2], fixes[1::2]):
            store_fixes(connection, batch)
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                for pid in holders(connection):
                    admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
            wait_until(lambda: is_judged(connection))
        assert process.poll() is None
    assert_rows_conclusions(connection, fixes, ())
