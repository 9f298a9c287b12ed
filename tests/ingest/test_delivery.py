"""Nothing is lost and nothing doubled, whatever dies in the middle: real processes, a real broker, a real database."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beatwatch.services.program import Program
from tests.ingest.conftest import IngestProcess
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]
Ask = Callable[[str], Any]


def publishing(tracks: Path, mqtt_url: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "beatwatch", "publish", str(tracks), "--as", "owntracks", *options]
    environment = {**os.environ, "MQTT_URL": mqtt_url}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def publish(tracks: Path, mqtt_url: str) -> None:
    publisher = publishing(tracks, mqtt_url)
    publisher.communicate(timeout=120)
    assert publisher.returncode == 0


def rows_in(tracks: Path) -> int:
    with gzip.open(tracks, "rt") as lines:
        return sum(1 for _ in lines) - 1


@pytest.fixture(params=["liverpool_bus14.csv.gz", "delivery_agents.csv.gz"])
def tracks(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "tracks" / str(request.param)


def test_every_row_of_real_tracks_is_there_once_although_ingest_is_killed(
    tracks: Path, ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    publisher = publishing(tracks, own_broker[1])
    expected = rows_in(tracks)
    for kills in (1, 2, 3):
        wait_until(lambda kills=kills: one_value("SELECT count(*) FROM position") > kills * expected // 5)  # type: ignore[misc]
        ingest.end(signal.SIGKILL)
        ingest.start()
    output, _ = publisher.communicate(timeout=120)
    assert (publisher.returncode, output) == (0, f"published {expected}, acknowledged {expected}\n")
    wait_until(lambda: one_value("SELECT count(*) FROM position") >= expected)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM position") == expected
    assert one_value("SELECT count(*) FROM dead_letter") == 0
    assert one_value("SELECT sum(position_count)::int FROM ingest_batch") == expected


def test_what_has_been_committed_has_been_acknowledged_when_it_stops(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, shared_data: Path
) -> None:
    tracks = shared_data / "tracks" / "liverpool_bus14.csv.gz"
    ingest.start()
    publish(tracks, own_broker[1])
    wait_until(lambda: one_value("SELECT count(*) FROM position") > 0)
    assert ingest.end(signal.SIGTERM) == 0
    ingest.start()
    wait_until(lambda: one_value("SELECT count(*) FROM position") == rows_in(tracks))
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT coalesce(sum(duplicate_count), 0)::int FROM ingest_batch") == 0


def test_a_database_that_is_away_is_waited_for(
    ingest: IngestProcess,
    own_broker: tuple[Program, str],
    one_value: Ask,
    shared_data: Path,
    postgres_url: str,
    database_url: str,
) -> None:
    import psycopg

    tracks = shared_data / "tracks" / "liverpool_bus14.csv.gz"
    name = database_url.rsplit("/", 1)[1]
    ingest.start()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename IS NOT NULL", (name,)
        )
        publish(tracks, own_broker[1])
        wait_until(lambda: ingest.log().count("the database is away") >= 3)
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    with psycopg.connect(database_url, autocommit=True) as connection:

        def stored() -> int:
            row = connection.execute("SELECT count(*) FROM position").fetchone()
            return int(row[0]) if row else 0

        wait_until(lambda: stored() >= rows_in(tracks))
        assert ingest.end(signal.SIGTERM) == 0
        assert stored() == rows_in(tracks)


_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON ingest_batch EXECUTE FUNCTION no_room()
"""
_ROOM = "DROP TRIGGER no_room ON ingest_batch"
_READ_ONLY = "ALTER ROLE ALL IN DATABASE {name} SET default_transaction_read_only = on"
_WRITABLE = "ALTER ROLE ALL IN DATABASE {name} RESET default_transaction_read_only"
_LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"


@pytest.mark.parametrize(("refuse", "relent"), [(_FULL, _ROOM), (_READ_ONLY, _WRITABLE)], ids=["disk full", "standby"])
def test_a_database_that_takes_nothing_for_now_is_waited_for(
    ingest: IngestProcess, own_broker: tuple[Program, str], database_url: str, shared_data: Path, refuse: str, relent: str
) -> None:
    """A full disk, and a server that became read-only, as the old primary after a switch-over: real refusals in mid-batch."""
    import psycopg

    tracks = shared_data / "tracks" / "liverpool_bus14.csv.gz"
    name = database_url.rsplit("/", 1)[1]

    def do(statement: str) -> int:
        with psycopg.connect(database_url, autocommit=True, options="-c default_transaction_read_only=off") as owner:
            done = owner.execute(statement.format(name=name).encode())
            row = done.fetchone() if done.description else None
            return int(row[0]) if row else 0

    ingest.start()
    do(refuse)
    do(_LEAVE)
    publish(tracks, own_broker[1])
    wait_until(lambda: ingest.log().count("the database is away") >= 3)
    assert do("SELECT count(*) FROM position") == 0
    do(relent)
    do(_LEAVE)
    wait_until(lambda: do("SELECT count(*) FROM position") >= rows_in(tracks))
    assert ingest.end(signal.SIGTERM) == 0
    assert do("SELECT count(*) FROM position") == rows_in(tracks)
    assert do("SELECT count(*) FROM dead_letter") == 0


def test_a_broker_killed_and_started_again_loses_nothing(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, shared_data: Path
) -> None:
    tracks = shared_data / "tracks" / "liverpool_bus14.csv.gz"
    broker, url = own_broker
    ingest.start()
    publisher = publishing(tracks, url)
    wait_until(lambda: one_value("SELECT count(*) FROM position") > 0)
    broker.stop()
    broker.start()
    publisher.communicate(timeout=120)
    assert publisher.returncode == 0
    wait_until(lambda: one_value("SELECT count(*) FROM position") >= rows_in(tracks))
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM position") == rows_in(tracks)
