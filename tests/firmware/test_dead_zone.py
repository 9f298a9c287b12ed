"""An hour without network: everything is stored once, and what is new comes first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from beatwatch.services.program import Program
from tests.firmware.device import DRIVE, VirtualDevice, listening
from tests.ingest.conftest import IngestProcess
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]

SPREAD = (
    "SELECT min(gap), max(gap) FROM (SELECT fix_time - lag(fix_time) OVER (ORDER BY fix_time) AS gap"
    " FROM position WHERE longitude_e7 IS NOT NULL) AS gaps"
)
HOUR_WITHOUT_NETWORK = f"0 speed max\n0 network off\n{DRIVE}3600 network on\n3600 speed 1\n"


def test_an_hour_without_network_is_stored_once_with_the_newest_first(
    host_programs: Path, database_url: str, own_broker: tuple[Program, str], ingest: IngestProcess, tmp_path: Path
) -> None:
    device = VirtualDevice(host_programs / "tracker", tmp_path, own_broker[1])
    with listening(own_broker[1]) as ear:
        code, report = device.run(HOUR_WITHOUT_NETWORK, "--begin-ago", "3600", "--duration", "3625")
        wait_until(lambda: len(ear.readings()) >= report["stored_seq"])
    assert (code, report["waiting"], report["dropped"]) == (0, 0, 0)
    stored = report["stored_seq"]
    with psycopg.connect(database_url, autocommit=True) as connection:

        def ask(query: str) -> tuple[Any, ...]:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row

        wait_until(lambda: ask("SELECT count(*) FROM position")[0] >= stored)
        assert ask("SELECT count(*), min(seq), max(seq), count(DISTINCT seq) FROM position") == (stored, 1, stored, stored)
        # One before the first fix and 360 with one; whether another is due before the modem is back is a matter of a second.
        [buffered] = ask("SELECT count(*) FROM position WHERE buffered")
        assert buffered in {360, 361}
        assert ask(SPREAD) == (timedelta(seconds=10), timedelta(seconds=10))
        assert ask("SELECT count(*) FROM dead_letter") == (0,)
        [live_at] = ask(f"SELECT received_at FROM position WHERE seq = {buffered + 1}")
        [buffered_at] = ask("SELECT min(received_at) FROM position WHERE buffered")
        assert live_at <= buffered_at
    assert [reading["seq"] for reading in ear.readings()[:3]] == [buffered + 1, 1, 2]
