"""Against a real database: what is stored, what counts as the same reading, and what a reader of the log gets to see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from domain.grades import Grade, GradeReason
from store import reading_log, telemetry
from store.pool import Connection, Pool, Role, open_pool, organisation_transaction
from store.telemetry import POSITION, SENSOR_READING, StatusRow, TelemetryBatch
from store.whole_numbers import STORED_AS

pytestmark = pytest.mark.server

ALARM_BITS = ("sos", "tow")
ROW: np.dtype[Any] = np.dtype(
    [("device", "<i4"), ("fix_time_us", "<i8"), ("seq", "<i8"), ("longitude_e7", "<i4"), ("latitude_e7", "<i4")]
    + [(name, "<f4") for name in ("speed_mps", "course_deg", "accuracy_m", "hdop")]
    + [("satellites", "<i2"), ("flags", "<u2")]
    + [(name, "<f4") for name in ("cargo_kg", "fuel_l", "external_v")]
    + [("odometer_m", "<f8"), ("alarms", "<u4"), ("received_at_us", "<i8")]
)
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    with open_pool(database_url, Role.worker) as pool:
        yield pool


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with pool.connection() as connection:
        telemetry.prepare_session(connection)
        connection.commit()
        yield connection


def positions(*rows: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Good fixes of device 1, otherwise missing everything, a second apart; `rows` says what differs."""
    array = np.zeros(len(rows), POSITION)
    for name in POSITION.names or ():
        kind = POSITION[name].kind
        if kind == "f":
            array[name] = np.nan
    for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        array[name] = telemetry.MISSING_SMALL
    array["boot_id"] = telemetry.MISSING_INT8
    array["device_time"] = "NaT"
    array["device_id"] = array["org_id"] = 1
    for index, row in enumerate(rows):
        given = {"fix_time": NOW + timedelta(seconds=index), "received_at": NOW + timedelta(minutes=1), "seq": index} | row
        for name, value in given.items():
            array[name][index] = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    return array


def store(connection: Connection, batch: TelemetryBatch) -> telemetry.StoredBatch:
    with connection.transaction():
        return telemetry.store_batch(connection, batch)


def test_a_reading_delivered_again_is_counted_and_not_stored(connection: Connection) -> None:
    rows = positions({}, {}, {})
    assert (store(connection, TelemetryBatch(rows)).stored, len(rows)) == (3, 3)
    again = store(connection, TelemetryBatch(np.concatenate([rows[1:], rows[1:], positions({"seq": 9})])))
    assert (again.stored, again.duplicates) == (1, 4)
    assert connection.execute("SELECT count(*) AS n FROM position").fetchone() == {"n": 4}


def test_every_value_comes_back_and_a_missing_one_stays_missing(connection: Connection) -> None:
    full: dict[str, Any] = {name: 1.5 for name in POSITION.names or () if POSITION[name].kind == "f"}
    full |= {"longitude_e7": 775929123, "latitude_e7": -129724063, "satellites": 9, "boot_id": 4, "grade": 1, "grade_reason": 2}
    full["device_time"] = NOW + timedelta(seconds=3)
    full |= {"fix_valid": 1, "ignition": 0, "in_motion": 1, "door_open": 0, "buffered": 1}
    bare = {"longitude_e7": telemetry.MISSING_INT4, "latitude_e7": telemetry.MISSING_INT4}
    batch = TelemetryBatch(positions(full, bare), temperatures={0: (4.5, None)}, alarms={0: ("sos", "own word")})
    store(connection, batch)
    rows = connection.execute("SELECT * FROM position ORDER BY seq").fetchall()
    for name, value in full.items():
        column, per_unit = STORED_AS.get(name, (name, 1))
        assert rows[0][column] == (value * per_unit if per_unit > 1 else value), name
    assert (rows[0]["temperature_c"], rows[0]["alarms"]) == ([4.5, None], ["sos", "own word"])
    given = {"device_id", "fix_time", "seq", "org_id", "received_at", "batch_id", "grade", "grade_reason"}
    assert {name for name, value in rows[1].items() if value is not None} == given


def test_the_latest_position_only_moves_forward_and_only_by_plausible_fixes(connection: Connection) -> None:
    store(connection, TelemetryBatch(positions({"fix_time": NOW, "speed_mps": 1.0}, {"fix_time": NOW - timedelta(hours=1)})))
    store(connection, TelemetryBatch(positions({"fix_time": NOW - timedelta(minutes=1), "speed_mps": 2.0, "seq": 5})))
    rejected = {
        "fix_time": NOW + timedelta(minutes=1),
        "grade": Grade.rejected,
        "grade_reason": GradeReason.null_island,
        "seq": 6,
    }
    store(connection, TelemetryBatch(positions(rejected)))
    assert connection.execute("SELECT fix_time, speed_mps FROM latest_position").fetchall() == [
        {"fix_time": NOW, "speed_mps": 1.0}
    ]
    store(connection, TelemetryBatch(positions({"fix_time": NOW + timedelta(seconds=1), "speed_mps": 3.0, "seq": 7})))
    assert connection.execute("SELECT speed_mps FROM latest_position").fetchall() == [{"speed_mps": 3.0}]


def test_the_engine_reads_its_rows_back(connection: Connection) -> None:
    known = {
        "ignition": 1,
        "door_open": 0,
        "satellites": 7,
        "speed_mps": 2.5,
        "hdop": np.float32(0.83),
        "external_v": np.float32(13.817),
        "odometer_m": 1e7 + 0.25,
        "longitude_e7": 5,
        "latitude_e7": -6,
    }
    quarantined = {"grade": Grade.quarantined, "grade_reason": GradeReason.clock_ahead, "fix_time": NOW + timedelta(days=900)}
    store(connection, TelemetryBatch(positions({}, known, quarantined), alarms={1: ("tow", "own word")}))
    store(connection, TelemetryBatch(positions({"device_id": 2, "seq": 8}, {"fix_time": NOW - timedelta(days=1), "seq": 9})))
    first, second = reading_log.batches_after(connection, 0)
    rows = reading_log.rows_of_batches(connection, [first], ROW, ALARM_BITS)
    assert rows["seq"].tolist() == [0, 1, 2]
    refused = rows[2]  # its clock is wrong, which tells of other rows
    assert refused["fix_time_us"] == round((NOW + timedelta(days=900)).timestamp() * 1e6)
    assert refused["received_at_us"] == round((NOW + timedelta(minutes=1)).timestamp() * 1e6)
    row = rows[1]
    assert row["fix_time_us"] == round((NOW + timedelta(seconds=1)).timestamp() * 1e6)
    assert row["received_at_us"] == round((NOW + timedelta(minutes=1)).timestamp() * 1e6)
    assert (row["flags"], row["alarms"]) == (0b0010_0000_1010, 1 << 31 | 1 << 1)
    assert [row[name] for name in known if name not in {"ignition", "door_open"}] == [
        7,
        2.5,
        np.float32(0.83),
        np.float32(13.817),
        1e7 + 0.25,
        5,
        -6,
    ]
    assert np.isnan(row["course_deg"])
    both = reading_log.rows_of_batches(connection, [first, second], ROW, ALARM_BITS)
    assert both[["device", "seq"]].tolist() == [(1, 9), (1, 0), (1, 1), (1, 2), (2, 8)]
    heard = {1: (NOW + timedelta(seconds=59), NOW + timedelta(minutes=1))}  # by its receipt
    assert reading_log.rows_of_devices(connection, heard, second.cursor, ROW, ALARM_BITS)["seq"].tolist() == [2]
    spans = {1: (NOW - timedelta(hours=1), NOW), 2: (NOW, NOW + timedelta(days=1))}
    alone = reading_log.rows_of_devices(connection, spans, second.cursor, ROW, ALARM_BITS)
    assert alone[["device", "seq"]].tolist() == [(1, 0)]


def test_a_reader_never_passes_a_batch_that_is_still_being_written(pool: Pool, connection: Connection) -> None:
    store(
        connection, TelemetryBatch(positions({"device_id": 3, "seq": 3}))
    )  # TimescaleDB lets one transaction make a day's chunk
    start = reading_log.batches_after(connection, 0)[-1].cursor
    connection.commit()
    with pool.connection() as slow:
        telemetry.prepare_session(slow)
        slow.commit()
        telemetry.store_batch(slow, TelemetryBatch(positions({"seq": 1})))
        later = store(connection, TelemetryBatch(positions({"device_id": 2, "seq": 2})))
        assert reading_log.batches_after(connection, start) == []
        connection.commit()
        slow.commit()
    seen = reading_log.batches_after(connection, start)
    assert len(seen) == 2
    assert later.batch_id in [batch.batch_id for batch in seen]
    assert reading_log.batches_after(connection, seen[-1].cursor) == []
    assert reading_log.newest_cursor(connection) == seen[-1].cursor


def test_a_batch_of_nothing_new_leaves_no_trace_in_the_log(connection: Connection) -> None:
    store(connection, TelemetryBatch(positions({})))
    assert store(connection, TelemetryBatch(positions({}))) == telemetry.StoredBatch(None, 0, 1, 0)
    assert len(reading_log.batches_after(connection, 0)) == 1


def test_days_are_made_on_demand_and_take_over_what_waited(connection: Connection) -> None:
    store(connection, TelemetryBatch(positions({}, {"fix_time": NOW - timedelta(days=800)})))
    for _ in range(2):
        with connection.transaction():
            telemetry.ensure_days(connection, "position", [NOW.date(), date(2023, 1, 1)])
    store(connection, TelemetryBatch(positions({"seq": 70}, {"fix_time": NOW - timedelta(days=800)})))
    assert [row["seq"] for row in connection.execute("SELECT seq FROM position ORDER BY fix_time, seq")] == [1, 0, 70]
    if connection.execute("SELECT to_regclass('telemetry.position') IS NOT NULL AS yes").fetchall()[0]["yes"]:
        chunks = connection.execute("SELECT count(*) AS n FROM show_chunks('telemetry.position')").fetchone()
        assert chunks == {"n": 2}  # made by the rows themselves, one for each day
        return
    placed = connection.execute("SELECT tableoid::regclass::text AS part FROM position ORDER BY fix_time, seq").fetchall()
    assert [row["part"] for row in placed] == ["position_outside", "position_20260504", "position_20260504"]


def test_sensor_readings_and_statuses_are_stored_once_each(connection: Connection) -> None:
    readings = np.zeros(2, SENSOR_READING)
    for name in ("weight_g", "temperature_c", "humidity_pct", "battery_v", "battery_pct"):
        readings[name] = np.nan
    readings["device_id"] = readings["org_id"] = 1
    readings["measured_at"] = np.array(["2026-05-04T09:00", "2026-05-04T09:05"], "M8[us]")
    readings["received_at"] = np.datetime64("2026-05-04T09:06", "us")
    readings["door_open"], readings["buffered"], readings["boot_id"] = -1, 0, telemetry.MISSING_INT8
    readings["weight_g"], readings["count"] = [1500.0, np.nan], [telemetry.MISSING_INT4, 3]
    status = StatusRow(1, NOW, -5, 1, False, "1.2", None, None, None, None, None, NOW, 0, 0, timeless=True)
    batch = TelemetryBatch(sensor_readings=readings, statuses=[status])
    assert store(connection, batch).stored == 3
    again = TelemetryBatch(sensor_readings=readings, statuses=[status._replace(reported_at=NOW + timedelta(minutes=3))])
    assert store(connection, again).duplicates == 3
    latest = connection.execute("SELECT measured_at, weight_g, door_open, count FROM latest_sensor_reading").fetchall()
    assert latest == [{"measured_at": NOW + timedelta(minutes=5), "weight_g": None, "door_open": None, "count": 3}]
    assert connection.execute("SELECT online, firmware FROM latest_device_status").fetchall() == [
        {"online": False, "firmware": "1.2"}
    ]
    record = reading_log.batches_after(connection, 0)[0]
    assert (record.sensor_count, record.status_count, record.min_measured_at) == (2, 1, NOW)


def test_an_organisation_sees_only_its_subtree(connection: Connection, database_url: str) -> None:
    connection.execute(
        "INSERT INTO organisation (slug, name, parent_id) VALUES ('child', 'Child', 1), ('other', 'Other', NULL)"
    )
    store(connection, TelemetryBatch(positions({"org_id": 1}, {"org_id": 2, "device_id": 2}, {"org_id": 3, "device_id": 3})))
    connection.commit()
    with open_pool(database_url, Role.api) as api:
        for org_id, visible in ((1, [1, 2]), (2, [2]), (3, [3])):
            with organisation_transaction(api, org_id) as transaction:
                for table in ("position", "latest_position"):
                    rows = transaction.execute(f"SELECT DISTINCT org_id FROM {table} ORDER BY 1".encode()).fetchall()
                    assert [row["org_id"] for row in rows] == visible, table
