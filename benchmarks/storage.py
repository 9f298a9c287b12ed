"""How much room a position takes: with its indexes, and compressed where the server can (TimescaleDB).

DATABASE_URL chooses an empty database of one's own, such as one with TimescaleDB; otherwise an embedded one is started.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import psycopg
import typer

from benchmarks.report import write_report
from benchmarks.stand import stand
from domain.errors import ConflictError
from store.migrate import migrate
from store.telemetry import MISSING_INT8, MISSING_SMALL, POSITION, TelemetryBatch
from store.telemetry_writer import TelemetryWriter

DEVICES: Final = 100
PERIOD_S: Final = 10
MEASURED: Final = (
    "longitude_e7",
    "latitude_e7",
    "speed_mps",
    "course_deg",
    "altitude_m",
    "hdop",
    "satellites",
    "fix_valid",
    "ignition",
)
MEASURED_MORE: Final = ("external_v", "odometer_m")
_PLAIN: Final = """
SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('position') WHERE isleaf
"""
_HYPERTABLE: Final = "SELECT hypertable_size('telemetry.position')"
_COMPRESS: Final = "SELECT count(compress_chunk(chunk)) FROM show_chunks('telemetry.position') AS chunk"


def noisy_day(device_id: int, hours: float, rng: np.random.Generator) -> Any:
    """Positions of a van every ten seconds, as noisy as a real receiver's, shape (n,) of dtype POSITION."""
    count = int(hours * 3600 / PERIOD_S)
    rows = np.zeros(count, POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            rows[name] = np.nan
    rows["device_time"] = "NaT"
    for name in ("in_motion", "door_open", "buffered"):
        rows[name] = MISSING_SMALL
    moving = np.repeat(rng.random(count // 30 + 1) < 0.6, 30)[:count]
    speed = np.where(moving, np.abs(rng.normal(9, 3, count)), 0.0)
    course = np.cumsum(rng.normal(0, 8, count)) % 360
    step = speed * PERIOD_S / 111_320
    noise = rng.normal(0, 4e-5, (2, count))
    rows["longitude_e7"] = 1e7 * (77.5 + np.cumsum(step * np.sin(np.radians(course))) + noise[0])
    rows["latitude_e7"] = 1e7 * (12.9 + np.cumsum(step * np.cos(np.radians(course))) + noise[1])
    rows["speed_mps"], rows["course_deg"] = np.round(speed, 1), np.round(course, 1)
    rows["altitude_m"], rows["hdop"] = np.round(rng.normal(900, 5, count)), np.round(np.abs(rng.normal(1, 0.2, count)), 1)
    rows["satellites"], rows["fix_valid"], rows["ignition"] = rng.integers(7, 14, count), 1, moving
    rows["external_v"], rows["odometer_m"] = np.round(rng.normal(13.8, 0.2, count), 1), np.cumsum(speed * PERIOD_S).round()
    rows["device_id"], rows["org_id"], rows["seq"], rows["boot_id"] = device_id, 1, np.arange(count), MISSING_INT8
    start = np.datetime64("now", "D").astype("M8[us]") - np.timedelta64(1, "D")
    rows["fix_time"] = start + np.arange(count) * np.timedelta64(PERIOD_S * 1_000_000, "us")
    rows["received_at"] = rows["fix_time"] + rng.integers(200_000, 3_000_000, count).astype("m8[us]")
    return rows


def fill(database_url: str, hours: float) -> int:
    """Store the day as it would arrive: all vans interleaved, in batches. The number of rows."""
    rng = np.random.default_rng(1)
    rows = np.concatenate([noisy_day(device_id, hours, rng) for device_id in range(1, DEVICES + 1)])
    rows = rows[np.argsort(rows["received_at"], kind="stable")]
    writer = TelemetryWriter(database_url)
    days = {"position": set(np.unique(rows["fix_time"].astype("M8[D]")).tolist())}
    for first in range(0, len(rows), 2_000):
        writer.store(TelemetryBatch(rows[first : first + 2_000]), [], days)
    writer.close()
    return len(rows)


def measure(database_url: str, hours: float) -> dict[str, Any]:
    """Bytes a row, before and after compression."""
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:

        def one(query: str) -> Any:
            row = connection.execute(query.encode()).fetchone()
            return None if row is None else row[0]

        if one("SELECT count(*) FROM position"):
            raise ConflictError("DATABASE_URL names a database with positions in it; give an empty one")
        rows = fill(database_url, hours)
        connection.execute("VACUUM ANALYZE")
        timescale = bool(one("SELECT on_timescale()"))
        plain = int(one(_HYPERTABLE if timescale else _PLAIN)) / rows
        compressed = None
        if timescale and one("SELECT current_setting('timescaledb.license', true)") == "timescale":
            one(_COMPRESS)
            compressed = int(one(_HYPERTABLE)) / rows
    smallest = compressed or plain
    values = len(MEASURED) + len(MEASURED_MORE)
    return {
        "rows": rows,
        "values_per_row": values,
        "server": "timescaledb" if timescale else "postgresql",
        "bytes_per_row_plain": plain,
        "bytes_per_row_compressed": compressed,
        "rows_per_gib": 2**30 / smallest,
        "data_points_per_gib": values * 2**30 / smallest,
    }


def main(
    seconds: Annotated[float, typer.Option(help="taken as the size of the trial: an hour of driving for each")] = 8.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure, print a table and write the figures; compression is null where the server has none."""
    with ExitStack() as stack:
        url = os.environ.get("DATABASE_URL") or stack.enter_context(stand()).database_url
        write_report("storage", measure(url, seconds), json_file)


if __name__ == "__main__":
    typer.run(main)
