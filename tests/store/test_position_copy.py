"""The quick way of storing positions against the careful one: they must leave the very same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row

from store import telemetry
from store.devices import Identity
from store.pool import Connection, Role, open_pool
from store.position_copy import in_order
from store.telemetry import POSITION, StoredBatch, TelemetryBatch
from store.telemetry_writer import TelemetryWriter
from tests.store.test_telemetry import NOW, positions

pytestmark = pytest.mark.server
DAYS = {"position": {NOW.date()}}
CONTENT = "SELECT to_jsonb(p) - '{{device_id,batch_id}}'::text[] AS row FROM {table} p WHERE device_id = {device} ORDER BY seq"


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker) as pool, pool.connection() as connection:
        telemetry.prepare_session(connection)
        connection.commit()
        yield connection


@pytest.fixture
def writer(database_url: str) -> Iterator[TelemetryWriter]:
    writer = TelemetryWriter(database_url)
    yield writer
    writer.close()


def any_positions(device: int, count: int) -> np.ndarray[Any, Any]:
    """Rows that lack all sorts of values, the same for every device."""
    rng = np.random.default_rng(7)
    rows = positions(*({"device_id": device} for _ in range(count)))
    for name in set(POSITION.names or ()) - {"device_id", "org_id", "fix_time", "seq", "received_at", "grade", "grade_reason"}:
        has = rng.random(count) < 0.6
        boolean = name in {"fix_valid", "ignition", "in_motion", "door_open", "buffered"}
        values = rng.integers(0, 2 if boolean else 30_000, count)
        missing: float = {"f": np.nan}.get(POSITION[name].kind, -(2 ** (8 * POSITION[name].itemsize - 1)))
        rows[name] = np.where(has, values, telemetry.MISSING_SMALL if POSITION[name].itemsize == 2 else missing)
    rows["grade"] = rng.integers(0, 4, count)
    return rows


def batch_of(device: int, count: int = 200) -> TelemetryBatch:
    rows = any_positions(device, count)
    temperatures = {no: [4.5, None, -18.25][: 1 + no % 3] for no in range(0, count, 3)}
    alarms = {no: ["sos", "d\u00e9bit \u20ac"][: 1 + no % 2] for no in range(0, count, 5)}
    return TelemetryBatch(rows[::-1].copy(), temperatures, alarms)


def contents(connection: Connection, table: str, device: int) -> list[Any]:
    return connection.execute(CONTENT.format(table=table, device=device).encode()).fetchall()


def test_both_ways_leave_the_same_rows(connection: Connection) -> None:
    with connection.transaction():
        telemetry.ensure_days(connection, "position", [NOW.date()])
        tables = telemetry.day_tables(connection, "position", [NOW.date()])
    with connection.transaction():
        quick = telemetry.store_batch(connection, batch_of(1), tables)
    with connection.transaction():
        careful = telemetry.store_batch(connection, batch_of(2))
    assert (quick.stored, quick.duplicates, quick.quarantined) == (careful.stored, careful.duplicates, careful.quarantined)
    assert quick.stored == 200
    for table in ("position", "latest_position"):
        rows = contents(connection, table, 1)
        assert rows == contents(connection, table, 2)
        assert rows
    spans = connection.execute("SELECT min_fix_time, max_fix_time, position_count FROM ingest_batch ORDER BY batch_id")
    one, other = spans.fetchall()
    assert one == other


def test_what_is_known_is_not_stored_again(writer: TelemetryWriter, database_url: str) -> None:
    (device,) = writer.adopt([Identity(None, "test", "van")], "default").values()
    rows = positions(*({"device_id": device.device_id} for _ in range(4)))
    assert writer.store(TelemetryBatch(rows[:2]), [], DAYS).stored == 2
    again = TelemetryBatch(np.concatenate([rows, rows[3:]]), alarms={3: ["sos"]})
    stored = writer.store(again, [], DAYS)
    assert (stored.stored, stored.duplicates) == (2, 3)
    assert writer.store(again, [], DAYS) == StoredBatch(None, 0, 5, 0)
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        found = connection.execute("SELECT seq, alarms FROM position ORDER BY seq").fetchall()
        latest = connection.execute("SELECT seq FROM latest_position").fetchall()
    assert [row["seq"] for row in found] == [0, 1, 2, 3]
    assert found[3]["alarms"] == ["sos"]
    assert latest == [{"seq": 3}]


def test_an_impossible_day_and_a_dropped_one_are_stored_all_the_same(writer: TelemetryWriter, database_url: str) -> None:
    (device,) = writer.adopt([Identity(None, "test", "van")], "default").values()
    place: dict[str, Any] = {"device_id": device.device_id, "longitude_e7": 1, "latitude_e7": 1}
    strange = place | {"fix_time": NOW - timedelta(days=9_000), "grade": 3, "grade_reason": 1}
    batch = TelemetryBatch(positions(strange, place, place), temperatures={0: [1.0], 2: [2.0]})
    assert writer.store(batch, [], DAYS) == StoredBatch(1, 3, 0, 1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT drop_days_before('position', %s)", (NOW.date() + timedelta(days=1),))
        more = positions(*(place | {"seq": seq, "fix_time": NOW + timedelta(minutes=seq)} for seq in (7, 8)))
        assert writer.store(TelemetryBatch(more), [], DAYS).stored == 2
        rows = connection.execute("SELECT seq, temperature_c FROM position WHERE grade < 3 ORDER BY seq").fetchall()
        assert rows[-2:] == [(7, None), (8, None)]
        assert connection.execute("SELECT seq FROM latest_position").fetchall() == [(8,)]


def test_a_batch_is_put_in_order_once_each() -> None:
    rows = positions({"seq": 5}, {"seq": 2, "fix_time": NOW}, {"seq": 2, "fix_time": NOW}, {"device_id": 0, "seq": 9})
    fresh = in_order(rows, {1: [1.0], 2: [2.0]}, {3: ["sos"]}, np.array([True, True, True, True]))
    assert fresh.rows["seq"].tolist() == [9, 2, 5]
    assert fresh.temperatures == {1: [1.0]}
    assert fresh.alarms == {0: ["sos"]}
