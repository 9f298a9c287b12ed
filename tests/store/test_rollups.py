"""Sums by hour against the same worked out in Python, after data in any order; and the end of old days."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from store import telemetry
from store.pool import Connection, Role, open_pool
from store.rollups import drop_days_before, note_touched_spans, refresh_due_days, refresh_due_spans
from store.telemetry import TelemetryBatch
from tests.store.test_telemetry import positions

pytestmark = pytest.mark.server
START = datetime(2026, 5, 4, 8, 50, tzinfo=UTC)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker) as pool, pool.connection() as connection:
        telemetry.prepare_session(connection)
        connection.commit()
        yield connection


def haversine_m(first: tuple[float, float], second: tuple[float, float]) -> float:
    (lon_1, lat_1), (lon_2, lat_2) = (tuple(map(math.radians, point)) for point in (first, second))
    inner = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * 6371008.8 * math.asin(math.sqrt(inner))


def test_sums_are_those_of_the_rows_whatever_their_order(connection: Connection) -> None:
    rng = np.random.default_rng(3)
    fixes: list[dict[str, Any]] = [
        {
            "fix_time": START + timedelta(seconds=30 * number),
            "longitude_e7": int(775_000_000 + 3000 * number + rng.integers(0, 500)),
            "latitude_e7": 129_000_000,
            "speed_mps": 9.0 if number % 3 else 0.5,
            "ignition": 1,
            "door_open": number % 2,
            "seq": number,
        }
        for number in range(100)
        if not 40 <= number < 65  # a gap of more than ten minutes is no way driven
    ]
    order = rng.permutation(len(fixes))
    for part in np.array_split(order, 5):
        with connection.transaction():
            telemetry.store_batch(connection, TelemetryBatch(positions(*(fixes[index] for index in part))))
        for step in (note_touched_spans, refresh_due_spans):
            with connection.transaction():
                assert not step(connection)  # nothing more waits
    with connection.transaction():
        assert not note_touched_spans(connection)
        assert not refresh_due_spans(connection)
        number = connection.execute("SELECT pg_current_xact_id_if_assigned() AS number").fetchone()
        assert number == {"number": None}, "readers of the log would wait for sums that have nothing to write"
    hours: dict[datetime, list[float]] = {}
    for before, after in zip([None, *fixes], fixes, strict=False):
        hour = after["fix_time"].replace(minute=0, second=0)
        sums = hours.setdefault(hour, [0, 0.0, 0.0, 0.0])
        sums[0] += 1
        if before is not None and (after["fix_time"] - before["fix_time"]).total_seconds() <= 600:
            seconds = (after["fix_time"] - before["fix_time"]).total_seconds()
            sums[1] += haversine_m(*((fix["longitude_e7"] / 1e7, fix["latitude_e7"] / 1e7) for fix in (before, after)))
            sums[2 if after["speed_mps"] > 1.389 else 3] += seconds
    rows = connection.execute("SELECT hour, fixes, distance_m, moving_s, idling_s FROM vehicle_hour ORDER BY hour").fetchall()
    assert {row["hour"] for row in rows} == set(hours)
    for row in rows:
        assert [row["fixes"], row["distance_m"], row["moving_s"], row["idling_s"]] == pytest.approx(hours[row["hour"]])
    day = connection.execute("SELECT fixes, distance_m FROM vehicle_day").fetchone()
    assert day is not None
    assert (day["fixes"], day["distance_m"]) == (75, pytest.approx(sum(sums[1] for sums in hours.values())))


def test_spans_are_due_once_and_are_worked_out_a_few_at_a_time(connection: Connection) -> None:
    for turn in range(2):
        with connection.transaction():
            rows = [{"fix_time": START + timedelta(minutes=10 * span), "seq": 2 * span + turn} for span in range(70)]
            telemetry.store_batch(connection, TelemetryBatch(positions(*rows)))
        with connection.transaction():
            assert not note_touched_spans(connection)
    assert one(connection, "SELECT count(*) AS n FROM span_due") == {"n": 70}
    with connection.transaction():
        assert refresh_due_spans(connection), "more waits"
    done = one(connection, "SELECT count(*) AS n, max(starts_at) AS newest FROM vehicle_span")
    assert done == {"n": 50, "newest": START + timedelta(minutes=490)}
    with connection.transaction():
        assert not refresh_due_spans(connection)
    assert one(connection, "SELECT count(*) AS n, sum(fixes) AS fixes FROM vehicle_span") == {"n": 70, "fixes": 140}
    assert one(connection, "SELECT count(*) AS n FROM span_due") == {"n": 0}


def test_old_days_are_dropped_whole_and_newer_ones_stay(connection: Connection) -> None:
    days = [START - timedelta(days=back) for back in (0, 5, 9)]
    with connection.transaction():
        telemetry.ensure_days(connection, "position", [day.date() for day in days])
    with connection.transaction():
        telemetry.store_batch(connection, TelemetryBatch(positions(*({"fix_time": day} for day in days))))
    with connection.transaction():
        assert drop_days_before(connection, date(2026, 4, 30)) == 2
    assert connection.execute("SELECT fix_time FROM position").fetchall() == [{"fix_time": START}]


def one(connection: Connection, query: str) -> dict[str, Any] | None:
    return connection.execute(query.encode()).fetchone()


def refresh(connection: Connection) -> None:
    with connection.transaction():
        assert refresh_due_days(connection)
    with connection.transaction():
        assert not refresh_due_days(connection)


@pytest.fixture
def owner(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(
            """
            INSERT INTO device (org_id, device_key) VALUES (1, 'van');
            INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)
                VALUES (1, 'shop', 'Shop', 0, 0, 50), (1, 'kiosk', 'Kiosk', 0, 0, 50);
            INSERT INTO trip (org_id, trip_id, device_id, planned_start, planned_end)
                SELECT 1, 'T-' || no, device_id, timestamptz '2026-05-04T04:00Z' + no * interval '1 hour', '2026-05-04T12:00Z'
                FROM device, generate_series(1, 2) no;
            INSERT INTO stop (org_id, trip_id, stop_id, position_no, outlet_id, longitude_e7, latitude_e7, radius_m,
                    window_start, window_end)
                SELECT 1, trip_id, 'S-1', 1, 'shop', 0, 0, 50, '2026-05-04T06:00Z', '2026-05-04T07:00Z' FROM trip;
            INSERT INTO product (org_id, product_id, name, unit_weight_g, price) VALUES (1, 'soap', 'Soap', 100, 20);
            INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, state, net_value)
                VALUES (1, 'O-1', 'shop', '2026-05-04', 'confirmed', 200);
            INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, price) VALUES (1, 'O-1', 1, 'soap', 10, 20);
            """
        )
        yield owner


def visit(owner: Any, trip_id: str, state: str, arrived: str | None = None, departed: str | None = None) -> None:
    owner.execute(
        "INSERT INTO visit (org_id, trip_id, stop_id, device_id, state, arrived_at, departed_at, confidence)"
        " SELECT 1, trip_id, 'S-1', device_id, %s, %s, %s, 1 FROM trip WHERE trip_id = %s"
        " ON CONFLICT (org_id, trip_id, stop_id) DO UPDATE SET state = excluded.state, arrived_at = excluded.arrived_at,"
        " departed_at = excluded.departed_at, change_no = nextval('conclusion_change_no')",
        (state, arrived, departed, trip_id),
    )


def test_a_day_of_an_outlet_follows_its_visits_and_orders(connection: Connection, owner: Any) -> None:
    visit(owner, "T-1", "serviced", "2026-05-04T06:30Z", "2026-05-04T06:45Z")
    visit(owner, "T-2", "missed")
    refresh(connection)
    day = one(connection, "SELECT * FROM outlet_day")
    assert day == {
        "org_id": 1, "outlet_id": "shop", "day": date(2026, 5, 4), "stops": 2, "done": 1, "on_time": 1, "missed": 1,
        "unknown": 0, "dwell_s": 900.0, "orders": 1, "ordered": 10, "delivered": 0, "returned": 0, "net_value": 200,
    }  # fmt: skip
    visit(owner, "T-2", "serviced", "2026-05-04T09:00Z", "2026-05-04T09:10Z")  # late data show that it was there
    owner.execute("UPDATE order_line SET loaded = 10, delivered = 8, short = 2, returned = 1")
    refresh(connection)
    day = one(connection, "SELECT done, on_time, missed, dwell_s, delivered, returned FROM outlet_day")
    assert day == {"done": 2, "on_time": 1, "missed": 0, "dwell_s": 1500.0, "delivered": 8, "returned": 1}
    owner.execute("UPDATE sales_order SET outlet_id = 'kiosk', due_on = '2026-05-05'")
    refresh(connection)
    rows = connection.execute("SELECT outlet_id, day, stops, orders FROM outlet_day ORDER BY day").fetchall()
    assert [tuple(row.values()) for row in rows] == [("shop", date(2026, 5, 4), 2, 0), ("kiosk", date(2026, 5, 5), 0, 1)]
    owner.execute("DELETE FROM trip")
    refresh(connection)
    assert one(connection, "SELECT count(*) AS n FROM outlet_day") == {"n": 1}


TRIPS = "SELECT trip_id, stops, completed, on_time, late, missed, dwell_s, planned_m, distance_m FROM {} ORDER BY trip_id"


def test_a_trip_is_never_reported_otherwise_than_its_rows_say(connection: Connection, owner: Any) -> None:
    def both() -> list[dict[str, Any]]:
        """The sums as reports see them, before and after they are worked out anew."""
        due = connection.execute(TRIPS.format("trip_figures").encode()).fetchall()
        with connection.transaction():
            while refresh_due_days(connection):
                pass
        kept = connection.execute(TRIPS.format("trip_sum").encode()).fetchall()
        assert due == connection.execute(TRIPS.format("trip_figures").encode()).fetchall() == kept
        return due

    first = both()
    assert [(row["trip_id"], row["stops"], row["completed"], row["planned_m"]) for row in first] == [
        ("T-1", 1, 0, None),
        ("T-2", 1, 0, None),
    ]
    visit(owner, "T-1", "serviced", "2026-05-04T06:30Z", "2026-05-04T06:45Z")
    visit(owner, "T-2", "serviced", "2026-05-04T07:16Z", "2026-05-04T07:20Z")
    one, two = both()
    assert (one["completed"], one["on_time"], one["late"], one["dwell_s"]) == (1, 1, 0, 900.0)
    assert (two["completed"], two["on_time"], two["late"]) == (1, 0, 1)
    owner.execute("UPDATE trip SET route = '[[77.0, 13.0], [77.0, 13.1]]' WHERE trip_id = 'T-1'")
    owner.execute("UPDATE trip SET planned_start = planned_start - interval '1 day' WHERE trip_id = 'T-1'")
    owner.execute(
        "INSERT INTO vehicle_hour SELECT 1, device_id, '2026-05-04T08:00Z', 'van', 60, 5000, 900, 0, 9, '2026-05-04T08:00Z',"
        " '2026-05-04T08:59Z', 0 FROM device"
    )
    one, two = both()
    assert one["planned_m"] == pytest.approx(haversine_m((77.0, 13.0), (77.0, 13.1)))
    assert (one["distance_m"], two["distance_m"]) == (5000, 5000)
    owner.execute("DELETE FROM visit WHERE trip_id = 'T-1'")
    assert both()[0]["completed"] == 0
    owner.execute("DELETE FROM trip WHERE trip_id = 'T-1'")
    assert [row["trip_id"] for row in both()] == ["T-2"]


def test_a_day_of_a_product_follows_its_order_lines(connection: Connection, owner: Any) -> None:
    owner.execute("UPDATE order_line SET loaded = 10, delivered = 8, short = 2, damaged = 1, returned = 1")
    refresh(connection)
    day = one(connection, "SELECT * FROM product_day")
    assert day == {
        "org_id": 1, "product_id": "soap", "day": date(2026, 5, 4), "orders": 1, "ordered": 10, "loaded": 10, "delivered": 8,
        "short": 2, "damaged": 1, "returned": 1, "value": 160,
    }  # fmt: skip
    owner.execute("UPDATE sales_order SET state = 'cancelled'")
    refresh(connection)
    assert one(connection, "SELECT * FROM product_day") is None
    owner.execute("UPDATE sales_order SET state = 'delivered'")
    refresh(connection)
    owner.execute("DELETE FROM sales_order")
    refresh(connection)
    assert one(connection, "SELECT * FROM product_day") is None


def test_what_is_not_committed_yet_is_worked_out_when_it_is(connection: Connection, owner: Any, database_url: str) -> None:
    refresh(connection)
    with psycopg.connect(database_url) as slow:
        slow.execute("UPDATE order_line SET delivered = 4")
        owner.execute("UPDATE order_line SET returned = 0 WHERE false")
        with connection.transaction():
            assert not refresh_due_days(connection)
    refresh(connection)
    assert one(connection, "SELECT delivered FROM product_day") == {"delivered": 4}
