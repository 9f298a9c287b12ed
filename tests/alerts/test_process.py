"""The service as a process: killed without warning, and with another standing by."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.pool import Connection
from tests.alerts.occurrences import conclude, occurrence
from tests.alerts.receiver import Receiver
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]
ROOT = Path(__file__).parents[2]


@contextmanager
def service(database_url: str, webhook_url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.alerts.plain_alerts", database_url, webhook_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "ready" not in process.stdout.readline():
            assert process.poll() is None
        yield process
        process.kill()


def count(connection: Connection, sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(next(iter(row.values())))


def test_killed_again_and_again_it_loses_no_alert_and_opens_none_twice(
    connection: Connection, database_url: str, receiver: Receiver
) -> None:
    for round_no in range(4):
        with service(database_url, receiver.url) as process:
            for number in range(25):
                device = f"van-{round_no}-{number}"
                conclude(connection, occurrence(device, rule=f"rule_{number}", device_id=device))
            process.send_signal(signal.SIGKILL)
    with service(database_url, receiver.url) as process:
        wait_until(lambda: count(connection, "SELECT count(*) FROM alert") == 100)
        # What a killed process had claimed is sent by the next one when its lease is over.
        connection.execute("UPDATE message SET next_attempt_at = now() WHERE state = 'pending'")
        wait_until(lambda: count(connection, "SELECT count(*) FROM message WHERE state <> 'delivered'") == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    posted = [json.loads(body)["alert_id"] for _, body in receiver.requests]
    assert set(posted) == {row["alert_id"] for row in connection.execute("SELECT alert_id FROM alert")}
    assert count(connection, "SELECT count(*) FROM message WHERE channel = 'webhook'") == 100


def test_another_takes_over(connection: Connection, database_url: str, receiver: Receiver) -> None:
    with service(database_url, receiver.url) as first, service(database_url, receiver.url):
        conclude(connection, occurrence("e1", device_id="van-1"))
        wait_until(lambda: len(receiver.requests) == 1)
        first.send_signal(signal.SIGKILL)
        conclude(connection, occurrence("e2", device_id="van-2"))
        wait_until(lambda: len(receiver.requests) == 2)
    assert count(connection, "SELECT count(*) FROM alert") == 2
