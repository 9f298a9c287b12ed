"""Readings, stored in batches, once each; `reading_log` reads them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import numpy as np

from store.binary_copy import Records, pack
from store.pool import Connection
from store.position_copy import Tables, copy_positions, in_order
from store.statements import statements
from store.whole_numbers import in_whole_numbers

_SQL = statements("telemetry")

MISSING_INT4: Final = -(2**31)
MISSING_INT8: Final = -(2**63)
MISSING_SMALL: Final = -1
"""Stand-ins for a missing integer; booleans are 0, 1 or MISSING_SMALL; a missing float is NaN, a missing time NaT."""

POSITION: Final = np.dtype(
    [
        ("device_id", "<i4"),
        ("fix_time", "<M8[us]"),
        ("seq", "<i8"),
        ("org_id", "<i4"),
        ("longitude_e7", "<i4"),
        ("latitude_e7", "<i4"),
    ]
    + [(name, "<f4") for name in ("speed_mps", "course_deg", "altitude_m", "accuracy_m", "hdop")]
    + [(name, "<i2") for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered")]
    + [(name, "<f4") for name in ("cargo_kg", "fuel_l", "fuel_pct", "external_v", "battery_v", "battery_pct")]
    + [("odometer_m", "<f8"), ("boot_id", "<i8"), ("received_at", "<M8[us]"), ("grade", "<i2"), ("grade_reason", "<i2")]
    + [("device_time", "<M8[us]")]
)
SENSOR_READING: Final = np.dtype(
    [("device_id", "<i4"), ("measured_at", "<M8[us]"), ("seq", "<i8"), ("org_id", "<i4")]
    + [(name, "<f4") for name in ("weight_g", "temperature_c", "humidity_pct")]
    + [("door_open", "<i2"), ("count", "<i4"), ("battery_v", "<f4"), ("battery_pct", "<f4"), ("buffered", "<i2")]
    + [("boot_id", "<i8"), ("received_at", "<M8[us]"), ("grade", "<i2"), ("grade_reason", "<i2")]
    + [("device_time", "<M8[us]")]
)


class StatusRow(NamedTuple):
    """One device status on its way in; `timeless` when the device gave no time and `reported_at` is that of receipt."""

    device_id: int
    reported_at: datetime
    seq: int
    org_id: int
    online: bool | None
    firmware: str | None
    signal_dbm: float | None
    configuration_version: str | None
    battery_v: float | None
    battery_pct: float | None
    boot_id: int | None
    received_at: datetime
    grade: int
    grade_reason: int
    timeless: bool


@dataclass(frozen=True, slots=True)
class TelemetryBatch:
    """What one transaction stores.

    `positions` has dtype POSITION and `sensor_readings` SENSOR_READING; both have one dimension. The lists that only few
    positions have stand apart, by row number in `positions`.
    """

    positions: Records = field(default_factory=lambda: np.empty(0, POSITION))
    temperatures: Mapping[int, Sequence[float | None]] = field(default_factory=dict)
    alarms: Mapping[int, Sequence[str]] = field(default_factory=dict)
    sensor_readings: Records = field(default_factory=lambda: np.empty(0, SENSOR_READING))
    statuses: Sequence[StatusRow] = ()

    def __len__(self) -> int:
        return len(self.positions) + len(self.sensor_readings) + len(self.statuses)


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """What became of a batch: `stored` rows are new, of them `quarantined` are not to be judged; the rest were `duplicates`."""

    batch_id: int | None  # None when every row was known already
    stored: int
    duplicates: int
    quarantined: int


def prepare_session(connection: Connection) -> None:
    """Make the session's temporary tables; once for each connection that stores batches."""
    connection.execute(_SQL["create_incoming_position"])
    connection.execute(_SQL["create_incoming_sensor_reading"])


def ensure_days(connection: Connection, series: str, days: Iterable[date]) -> None:
    """Make the partitions of `days` (UTC) in `series` (position, sensor_reading, device_status) where they are missing.

    In a transaction of its own: it excludes other writers for a moment.
    """
    connection.execute(_SQL["ensure_days"], {"series": series, "days": sorted(days)})


def day_tables(connection: Connection, series: str, days: Iterable[date]) -> dict[date, tuple[str, str]]:
    """Schema and name of the table that has each of `days`, all of which have been made."""
    rows = connection.execute(_SQL["find_day_tables"], {"series": series, "days": sorted(days)})
    return {row["day"]: (row["schema_name"], row["table_name"]) for row in rows}


def store_batch(connection: Connection, batch: TelemetryBatch, tables: Tables | None = None) -> StoredBatch:
    """Store what is new of `batch` within the caller's transaction, move the latest state forward and tell the readers.

    The session must have been prepared. Readings whose (device, time, seq) is stored already are counted as duplicates.
    Positions of the days in `tables` are taken to be new and copied straight there: see store.position_copy for what it raises
    when they are not.
    """
    batch_id = _one(connection, "next_batch")["batch_id"]
    positions = _store_all_positions(connection, batch, batch_id, tables or {})
    sensors = _store_sensor_readings(connection, batch.sensor_readings, batch_id)
    statuses = _store_statuses(connection, batch.statuses, batch_id)
    stored = positions["stored"] + sensors["stored"] + statuses["stored"]
    duplicates = len(batch) - stored
    if stored:
        record = {"batch_id": batch_id, "duplicate_count": duplicates, "status_count": statuses["stored"]}
        record |= {
            "position_count": positions["stored"],
            "min_fix_time": positions["min_time"],
            "max_fix_time": positions["max_time"],
        }
        record |= {
            "sensor_count": sensors["stored"],
            "min_measured_at": sensors["min_time"],
            "max_measured_at": sensors["max_time"],
        }
        connection.execute(_SQL["record_batch"], record)
    quarantined = positions["quarantined"] + sensors["quarantined"] + statuses["quarantined"]
    return StoredBatch(batch_id if stored else None, stored, duplicates, quarantined)


_NOTHING: Final[dict[str, Any]] = {"stored": 0, "quarantined": 0, "min_time": None, "max_time": None}


def _store_all_positions(connection: Connection, batch: TelemetryBatch, batch_id: int, tables: Tables) -> dict[str, Any]:
    if not tables:
        return _store_positions(connection, batch, batch_id)
    is_placed = np.isin(batch.positions["fix_time"].astype("M8[D]"), np.array(list(tables), "M8[D]"))
    placed = in_order(batch.positions, batch.temperatures, batch.alarms, is_placed)
    copied = copy_positions(connection, placed, batch_id, tables) if len(placed.rows) else _NOTHING
    return _together(copied, _store_positions(connection, _positions_at(batch, np.flatnonzero(~is_placed)), batch_id))


def _positions_at(batch: TelemetryBatch, numbers: Records) -> TelemetryBatch:
    places = {number: place for place, number in enumerate(numbers.tolist())}
    temperatures = {places[number]: values for number, values in batch.temperatures.items() if number in places}
    alarms = {places[number]: words for number, words in batch.alarms.items() if number in places}
    return TelemetryBatch(batch.positions[numbers], temperatures, alarms)


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    starts = [part["min_time"] for part in (one, other) if part["min_time"]]
    ends = [part["max_time"] for part in (one, other) if part["max_time"]]
    counts = {name: one[name] + other[name] for name in ("stored", "quarantined")}
    return {**counts, "min_time": min(starts, default=None), "max_time": max(ends, default=None)}


def _store_positions(connection: Connection, batch: TelemetryBatch, batch_id: int) -> dict[str, Any]:
    if not len(batch.positions):
        return _NOTHING
    _copy_in(connection, "copy_positions", in_whole_numbers(batch.positions))
    row_nos = sorted(batch.temperatures.keys() | batch.alarms.keys())
    lists = {
        "row_nos": row_nos,
        "temperatures": [_joined(batch.temperatures.get(row_no, ())) for row_no in row_nos],
        "alarms": ["\x1f".join(batch.alarms[row_no]) if batch.alarms.get(row_no) else None for row_no in row_nos],
    }
    return _one(connection, "store_positions", {"batch_id": batch_id, **lists})


def _joined(temperatures: Sequence[float | None]) -> str | None:
    return ",".join("" if value is None else repr(float(value)) for value in temperatures) if temperatures else None


def _store_sensor_readings(connection: Connection, readings: Records, batch_id: int) -> dict[str, Any]:
    if not len(readings):
        return _NOTHING
    _copy_in(connection, "copy_sensor_readings", readings)
    return _one(connection, "store_sensor_readings", {"batch_id": batch_id})


def _store_statuses(connection: Connection, statuses: Sequence[StatusRow], batch_id: int) -> dict[str, Any]:
    if not statuses:
        return _NOTHING
    columns = {name: list(column) for name, column in zip(StatusRow._fields, zip(*statuses, strict=True), strict=True)}
    return _one(connection, "store_statuses", {"batch_id": batch_id, **columns})


def _copy_in(connection: Connection, statement: str, rows: Records) -> None:
    with connection.cursor() as cursor, cursor.copy(_SQL[statement]) as copy:
        copy.write(pack(_numbered(rows)))


def _numbered(rows: Records) -> Records:
    numbered = np.empty(len(rows), [("row_no", "<i4"), *((name, rows.dtype[name]) for name in rows.dtype.names or ())])
    numbered["row_no"] = np.arange(len(rows))
    for name in rows.dtype.names or ():
        numbered[name] = rows[name]
    return numbered


def _one(connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    row = connection.execute(_SQL[statement], parameters).fetchone()
    assert row is not None  # every statement that comes here yields exactly one row
    return row
