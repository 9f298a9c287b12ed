import os
import signal
from pathlib import Path

import psycopg
import pytest

from beatwatch.services.mosquitto import embedded_mosquitto
from beatwatch.services.ports import answers, free_port
from beatwatch.services.postgres import embedded_postgres
from store.migrate import migrate

pytestmark = pytest.mark.server


def test_postgres_keeps_what_it_committed_when_it_is_killed(open_folder: Path) -> None:
    postgres = embedded_postgres(open_folder, free_port())
    postgres.program.start()
    try:
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postgres.program.pid, signal.SIGKILL)
        postgres.program._process.wait()  # type: ignore[union-attr]
        postgres.program.start()
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        postgres.program.stop()
    assert not postgres.program.running()


def test_a_stopped_cluster_starts_again_with_its_data(open_folder: Path) -> None:
    for expected in (None, ("kept",)):
        postgres = embedded_postgres(open_folder, free_port())
        postgres.program.start()
        with psycopg.connect(postgres.url) as connection:
            if expected is None:
                connection.execute("CREATE TABLE kept AS SELECT 'kept' AS answer")
            assert connection.execute("SELECT answer FROM kept").fetchone() == ("kept",)
        postgres.program.stop()


def test_the_broker_comes_back_when_it_is_killed(open_folder: Path) -> None:
    port = free_port()
    program, url = embedded_mosquitto(open_folder, port)
    program.start()
    try:
        assert url.endswith(str(port))
        os.kill(program.pid, signal.SIGKILL)
        program._process.wait()  # type: ignore[union-attr]
        assert not answers(port)
        program.start()
        assert answers(port)
    finally:
        program.stop()
    assert not answers(port)


def test_migrating_twice_applies_nothing_the_second_time(database_url: str) -> None:
    assert migrate(database_url) == []
