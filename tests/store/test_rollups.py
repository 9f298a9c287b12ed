"""Sums by hour against the same worked out in Python, after data in any order; and the end of old days."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store import telemetry
from store.pool import Connection, Role, open_pool
from store.rollups import drop_days_before, refresh_rollups
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
        with connection.transaction():
            assert refresh_rollups(connection)
    with connection.transaction():
        assert not refresh_rollups(connection)
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


def test_old_days_are_dropped_whole_and_newer_ones_stay(connection: Connection) -> None:
    days = [START - timedelta(days=back) for back in (0, 5, 9)]
    with connection.transaction():
        telemetry.ensure_days(connection, "position", [day.date() for day in days])
    with connection.transaction():
        telemetry.store_batch(connection, TelemetryBatch(positions(*({"fix_time": day} for day in days))))
    with connection.transaction():
        assert drop_days_before(connection, date(2026, 4, 30)) == 2
    assert connection.execute("SELECT fix_time FROM position").fetchall() == [{"fix_time": START}]
