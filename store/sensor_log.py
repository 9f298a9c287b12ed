"""Sensor readings of a device over a span of time, as people look at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("sensor_log")


@dataclass(frozen=True, slots=True)
class SensorReading:
    """A stored reading of a shelf, cooler or asset sensor. `None` where the device did not say."""

    measured_at: datetime
    weight_g: float | None
    temperature_c: float | None
    humidity_pct: float | None
    door_open: bool | None
    count: int | None


def readings_between(
    connection: Connection, device_id: int, since: datetime, until: datetime, *, limit: int
) -> list[SensorReading]:
    """Readings that may be judged, oldest first."""
    span = {"device_id": device_id, "since": since, "until": until, "limit": limit}
    with connection.cursor(row_factory=class_row(SensorReading)) as cursor:
        return cursor.execute(_SQL["readings_between"], span).fetchall()
