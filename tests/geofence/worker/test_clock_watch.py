"""Clocks that were wrong, found look after look beside the stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from geofence.worker import clock_watch
from geofence.worker.clock_watch import ClockWatch
from store import night, telemetry
from store.conclusions import Judged
from store.pool import Connection
from store.telemetry import POSITION, TelemetryBatch
from tests.geofence.worker.readings import DAY

pytestmark = pytest.mark.server
VAN, OTHER = Judged(1, 1, "van"), Judged(2, 1, "other")
DEVICES = {1: VAN, 2: OTHER}


@pytest.fixture
def connection(two_devices: Connection) -> Connection:
    return two_devices


def store(
    connection: Connection, seconds: range, ahead_s: int = -2, seqs: Sequence[int] | None = None, device_id: int = 1
) -> None:
    rows = np.zeros(len(seconds), POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            rows[name] = np.nan
    for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        rows[name] = telemetry.MISSING_SMALL
    rows["boot_id"], rows["org_id"], rows["device_id"] = telemetry.MISSING_INT8, 1, device_id
    rows["seq"] = -1 if seqs is None else seqs
    rows["received_at"] = [np.datetime64((DAY + timedelta(seconds=s)).replace(tzinfo=None), "us") for s in seconds]
    rows["fix_time"] = rows["received_at"] + np.timedelta64(ahead_s, "s")
    rows["grade"], rows["grade_reason"] = (3, 20) if ahead_s > 120 else (0, 0)
    with connection.transaction():
        telemetry.prepare_session(connection)
        telemetry.store_batch(connection, TelemetryBatch(rows))


def faults(connection: Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute("SELECT started_at, ended_at, facts->>'kind' AS kind FROM event WHERE rule = 'clock_fault'")
    return [tuple(row.values()) for row in rows]


JUMPED = [(DAY + timedelta(seconds=600), DAY + timedelta(seconds=790), "ahead")]


def store_a_jump(connection: Connection) -> Iterator[None]:
    store(connection, range(0, 600, 10))
    yield
    store(connection, range(600, 700, 10), 1000)
    yield
    store(connection, range(700, 800, 10), 1000)
    store(connection, range(800, 900, 10))
    yield


def test_a_clock_that_jumped_is_told_once_however_often_one_looks(connection: Connection) -> None:
    watch = ClockWatch()
    assert [watch.look(connection, DEVICES) for _ in store_a_jump(connection)] == [0, 1, 1]
    assert watch.look(connection, DEVICES) == 0
    store(connection, range(900, 960, 10))
    assert watch.look(connection, DEVICES) == 0  # followed, and nothing new
    assert faults(connection) == JUMPED


def test_another_worker_goes_on_where_one_stopped(connection: Connection) -> None:
    one, another = ClockWatch(), ClockWatch()
    for watch, _ in zip((one, another, one), store_a_jump(connection), strict=True):
        watch.look(connection, DEVICES)
    assert faults(connection) == JUMPED


def test_numbers_that_begin_again_between_two_looks(connection: Connection) -> None:
    watch = ClockWatch()
    store(connection, range(0, 600, 3), seqs=range(200))
    assert watch.look(connection, DEVICES) == 0
    store(connection, range(600, 660, 3), seqs=range(20))
    assert watch.look(connection, DEVICES) == 1
    store(connection, range(660, 720, 3), seqs=range(20, 40))
    assert watch.look(connection, DEVICES) == 0
    assert [kind for _, _, kind in faults(connection)] == ["sequence_reset"]


def test_only_devices_that_gave_cause_are_looked_at(connection: Connection) -> None:
    store(connection, range(0, 600, 10), seqs=range(60))
    store(connection, range(0, 600, 10), 1000, device_id=2)
    heard = night.devices_heard(connection, night.batches_to_watch(connection, 10**6))
    assert {one.device_id: one.is_odd for one in heard} == {1: False, 2: True}


def test_a_long_backlog_is_looked_at_in_parts(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_watch, "LOOK_ROWS", 70)
    for _ in store_a_jump(connection):
        pass
    watch, looks = ClockWatch(), 0
    while looks == 0 or watch.has_more:
        watch.look(connection, DEVICES)
        looks += 1
    assert looks == 2
    assert faults(connection) == JUMPED
