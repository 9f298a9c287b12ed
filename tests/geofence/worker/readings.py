"""Positions for the worker's tests: stored as ingest stores them, and as the engine reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from geofence.rows import ROW, Rows, in_order, to_us
from store import telemetry
from store.pool import Connection
from store.telemetry import POSITION, TelemetryBatch

DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
VANS = (1, 2, 3)


@dataclass(frozen=True, order=True)
class Fix:
    """A fix `at_s` seconds into the day."""

    device: int
    at_s: int
    speed_mps: float = 5.0
    longitude_e7: int = 775_000_000
    seq: int = 0

    @property
    def fix_time(self) -> datetime:
        return DAY + timedelta(seconds=self.at_s)


def store_fixes(connection: Connection, fixes: Sequence[Fix], org_id: int = 1) -> None:
    """Store fixes as one batch, received in the order of the list."""
    array = np.zeros(len(fixes), POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            array[name] = np.nan
    array["device_time"] = "NaT"
    for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        array[name] = telemetry.MISSING_SMALL
    array["boot_id"] = telemetry.MISSING_INT8
    array["org_id"] = org_id
    for index, fix in enumerate(fixes):
        array["device_id"][index] = fix.device
        array["seq"][index] = fix.seq
        array["fix_time"][index] = array["received_at"][index] = fix.fix_time.replace(tzinfo=None)
        array["speed_mps"][index] = fix.speed_mps
        array["longitude_e7"][index] = fix.longitude_e7
        array["latitude_e7"][index] = 129_000_000
    with connection.transaction():
        telemetry.prepare_session(connection)
        telemetry.store_batch(connection, TelemetryBatch(array))


def engine_rows(fixes: Sequence[Fix]) -> Rows:
    """All fixes, once each and in order, as the engine is given them."""
    rows = np.zeros(len(fixes), ROW)
    for index, fix in enumerate(fixes):
        rows["device"][index] = fix.device
        rows["fix_time_us"][index] = to_us(fix.fix_time)
        rows["seq"][index] = fix.seq
        rows["speed_mps"][index] = fix.speed_mps
        rows["longitude_e7"][index] = fix.longitude_e7
    return in_order(rows)
