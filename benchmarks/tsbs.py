"""The thirteen IoT questions of the Time Series Benchmark Suite (TSBS), in its own schema and in ours, on the same data.

Workload: github.com/timescale/tsbs, pkg/data/usecases/iot, cmd/tsbs_generate_queries; the questions are in tsbs.sql. What our
rows have no name for is kept in a column of the same kind: fuel consumption in external_v, the status in satellites.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg

from benchmarks.sql_file import filled, statements
from store.telemetry import MISSING_INT8, MISSING_SMALL, POSITION, TelemetryBatch
from store.telemetry_writer import TelemetryWriter

TRUCKS: Final = 100
DAYS: Final = 2
PERIOD_S: Final = 10
REPEATS: Final = 5
FLEETS: Final = ("East", "West", "North", "South")
DRIVERS: Final = ("Derek", "Rodney", "Albert", "Andy", "Seth", "Trish")
MODELS: Final = (("F-150", 2000, 200, 15), ("G-2000", 5000, 300, 19), ("H-2", 1500, 150, 12))
_SQL: Final = statements("tsbs")
QUESTIONS: Final = tuple(name.removesuffix(" ours") for name in _SQL if name.endswith(" ours"))


def measure(database_url: str, told: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Median milliseconds of each question, in both schemas, in turn."""
    told(f"TSBS: {TRUCKS} trucks, {DAYS} days")
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    _fill(database_url, start)
    begin = start + timedelta(hours=7)
    words = {
        "fleet": "South",
        "start": begin.isoformat(),
        "ten_minutes": (begin + timedelta(minutes=10)).isoformat(),
        "four_hours": (begin + timedelta(hours=4)).isoformat(),
        "day": (begin + timedelta(hours=24)).isoformat(),
    }
    found = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        for name in QUESTIONS:
            told(f"TSBS: {name}")
            ours, theirs = filled(_SQL[f"{name} ours"], words), filled(_SQL[f"{name} theirs"], words)
            taken = [(_ask(connection, ours), _ask(connection, theirs)) for _ in range(REPEATS + 1)][1:]
            found[name] = {
                "ours_ms": statistics.median(our for our, _ in taken),
                "theirs_ms": statistics.median(their for _, their in taken),
            }
    return found


def _ask(connection: psycopg.Connection[Any], question: bytes) -> float:
    started = time.perf_counter()
    connection.execute(question).fetchall()
    return 1000 * (time.perf_counter() - started)


def _fill(database_url: str, start: datetime) -> None:
    rng = np.random.default_rng(7)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_SQL["set_up"])
        for number in range(1, TRUCKS + 1):
            _register(connection, number, rng)
    writer = TelemetryWriter(database_url)
    for number in range(1, TRUCKS + 1):
        rows = _walks(number, start, rng)
        days = {"position": set(np.unique(rows["fix_time"].astype("M8[D]")).tolist())}
        writer.store(TelemetryBatch(rows), [], days)
    writer.close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_SQL["copy_to_theirs"])
        connection.execute("VACUUM ANALYZE")


def _register(connection: psycopg.Connection[Any], number: int, rng: np.random.Generator) -> None:
    fleet = int(rng.integers(4))
    model, capacity_kg, fuel_l, nominal = MODELS[int(rng.integers(3))]
    name, driver = f"truck_{number}", DRIVERS[int(rng.integers(6))]
    connection.execute(
        "INSERT INTO tags VALUES (%s, %s, %s, %s, %s, 'v1.0', %s, %s, %s)",
        (number, name, FLEETS[fleet], driver, model, capacity_kg, fuel_l, nominal),
    )
    connection.execute("INSERT INTO device (org_id, device_key, model) VALUES (%s, %s, %s)", (fleet + 2, name, model))
    connection.execute(
        "INSERT INTO vehicle (org_id, vehicle_id, name, capacity_kg) VALUES (%s, %s, %s, %s)",
        (fleet + 2, name, driver, capacity_kg),
    )


def _walks(device_id: int, start: datetime, rng: np.random.Generator) -> Any:
    """A truck's clamped random walks, as the workload describes them."""
    count = DAYS * 86_400 // PERIOD_S
    rows = np.zeros(count, POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            rows[name] = np.nan
    for name in ("fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        rows[name] = MISSING_SMALL
    rows["longitude_e7"] = 1e7 * _walk(rng.uniform(0, 180), 0.005, -180, 180, count, rng)
    rows["latitude_e7"] = 1e7 * _walk(rng.uniform(0, 90), 0.005, -90, 90, count, rng)
    rows["altitude_m"] = np.trunc(_walk(rng.uniform(0, 500), 10, 0, 5000, count, rng))
    rows["speed_mps"] = np.trunc(_walk(0, 10, 0, 100, count, rng))
    rows["course_deg"] = np.trunc(_walk(rng.uniform(0, 359), 5, 0, 359, count, rng))
    rows["hdop"] = np.trunc(_walk(0, 5, 0, 100, count, rng))
    rows["external_v"] = np.round(_walk(25, 5, 0, 50, count, rng), 1)
    rows["fuel_pct"] = 100 - (np.cumsum(rng.uniform(0, 0.1, count)) % 100)
    redrawn = np.maximum.accumulate(np.where(rng.random(count) < 0.05, np.arange(count), 0))
    rows["cargo_kg"] = np.trunc(rng.uniform(0, 5000, count))[redrawn]
    rows["satellites"] = np.trunc(np.clip(_walk(0, 1.7, 0, 5, count, rng), 0, 5))
    rows["device_id"], rows["org_id"], rows["boot_id"] = device_id, 1, MISSING_INT8
    rows["seq"] = np.arange(count)
    rows["fix_time"] = np.datetime64(start.replace(tzinfo=None), "us") + np.arange(count) * np.timedelta64(PERIOD_S, "s")
    rows["received_at"] = rows["fix_time"]
    return rows


def _walk(start: float, step: float, low: float, high: float, count: int, rng: np.random.Generator) -> Any:
    """Uniform steps, kept within bounds by stopping at them."""
    steps = rng.uniform(-step, step, count)
    values = np.empty(count)
    value = start
    for index in range(count):
        value = min(max(value + steps[index], low), high)
        values[index] = value
    return values
