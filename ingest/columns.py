"""Readings to columns: a decoded batch becomes the arrays that one transaction stores, graded and numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.grades import Grade, GradeReason
from domain.observations import Position, SensorReading
from ingest.decoding import Decoded, Heard, storable
from ingest.fingerprint import as_int8, fingerprints
from ingest.screening import Screening, grade_positions, grade_times
from ingest.statuses import status_rows
from store.devices import Identity, KnownDevice
from store.telemetry import MISSING_INT4, MISSING_INT8, MISSING_SMALL, POSITION, SENSOR_READING, TelemetryBatch

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Devices = Mapping[Identity, KnownDevice]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US: Final = timedelta(microseconds=1)
_MISSING_INTEGER: Final = {2: MISSING_SMALL, 4: MISSING_INT4, 8: MISSING_INT8}  # by size in bytes
_OWN: Final = frozenset({"device_id", "org_id", "seq", "received_at", "batch_id", "grade", "grade_reason"})
_E7: Final = {"longitude_e7": "longitude_deg", "latitude_e7": "latitude_deg"}
_LARGEST_REAL: Final = 3e38


def to_batch(decoded: Decoded, devices: Devices, screening: Screening) -> TelemetryBatch:
    """The arrays of `decoded`, whose senders are all in `devices`."""
    positions = _Table(decoded.positions, POSITION, "fix_time", decoded, devices)
    temperatures, alarms = _lists(decoded.positions.readings)
    positions.number({no: repr((temperatures.get(no), alarms.get(no))) for no in temperatures.keys() | alarms.keys()})
    positions.mark_dropped()
    grade_positions(positions.rows, positions.retained_now, positions.inactive, screening)
    sensors = _Table(decoded.sensor_readings, SENSOR_READING, "measured_at", decoded, devices)
    sensors.number({})
    sensors.mark_dropped()
    grade_times(sensors.rows, "measured_at", sensors.retained_now, sensors.inactive, screening)
    return TelemetryBatch(positions.rows, temperatures, alarms, sensors.rows, status_rows(decoded, devices, screening))


def days_of(batch: TelemetryBatch) -> dict[str, set[date]]:
    """The UTC days of each series that deserve a partition: those of readings with a believable time."""
    return {
        "position": _days(batch.positions, "fix_time"),
        "sensor_reading": _days(batch.sensor_readings, "measured_at"),
        "device_status": {status.reported_at.date() for status in batch.statuses if status.grade < Grade.quarantined},
    }


def _days(rows: Array, time: str) -> set[date]:
    believable = rows[time][rows["grade"] < Grade.quarantined]
    return set(np.unique(believable.astype("M8[D]")).tolist())


def _lists(positions: Sequence[Position]) -> tuple[dict[int, Sequence[float | None]], dict[int, Sequence[str]]]:
    temperatures: dict[int, Sequence[float | None]] = {}
    alarms: dict[int, Sequence[str]] = {}
    for no, position in enumerate(positions):
        if position.temperature_c:
            temperatures[no] = [_real(value) for value in position.temperature_c]
        if position.alarms:
            alarms[no] = [storable(word).replace("\x1f", " ") for word in position.alarms]
    return temperatures, alarms


class _Table:
    """The columns of the readings of one kind; `missing` masks those that a reading did not have."""

    def __init__(self, heard: Heard[Any], dtype: np.dtype[Any], time: str, decoded: Decoded, devices: Devices) -> None:
        self.rows: Array = np.zeros(len(heard.readings), dtype)
        self.missing: dict[str, Mask] = {}
        self._dropped: Mask = np.zeros(len(self.rows), bool)
        self._columns = _columns(heard.readings)
        for name in dtype.names or ():
            if name not in _OWN and name != time:
                self._fill(name)
        self._fill_sender(heard, devices)
        self._fill_times(time, [decoded.deliveries[no].received_us for no in heard.delivery_nos])
        retained = np.fromiter((decoded.deliveries[no].retained for no in heard.delivery_nos), bool, len(self.rows))
        self.retained_now: Mask = retained & self.missing[time]

    def number(self, texts: dict[int, str]) -> None:
        """Give each row its sequence number: the device's own, else a fingerprint of the content and of `texts` by row."""
        numbers = self._columns.get("seq", [])
        self.rows["seq"] = [0 if number is None else as_int8(number) for number in numbers]
        without = np.fromiter((number is None for number in numbers), bool, len(self.rows))
        if without.any():
            self.rows["seq"][without] = fingerprints(self.rows, self.missing, texts)[without]

    def mark_dropped(self) -> None:
        """Grade rows of which a value was kept as missing because it cannot be."""
        self.rows["grade"][self._dropped] = Grade.degraded
        self.rows["grade_reason"][self._dropped] = GradeReason.value_out_of_range

    def _fill(self, name: str) -> None:
        values = self._columns.get(_E7.get(name, name), [])
        kind, size = self.rows.dtype[name].kind, self.rows.dtype[name].itemsize
        if kind == "M":
            self._fill_moments(name, values)
            return
        stand_in = np.nan if kind == "f" else _MISSING_INTEGER[size]
        if values.count(None) == len(values):
            self.rows[name] = stand_in
            self.missing[name] = np.ones(len(values), bool)
        elif size == 8 and kind == "i":
            self.rows[name] = [stand_in if value is None else as_int8(value) for value in values]
            self.missing[name] = self.rows[name] == stand_in
        else:
            self._fill_number(name, np.array(values, np.float64), stand_in)

    def _fill_moments(self, name: str, moments: Sequence[datetime | None]) -> None:
        """Microseconds since 1970; a missing one is NaT, which is the least integer."""
        told = [MISSING_INT8 if moment is None else (moment - _EPOCH) // _ONE_US for moment in moments]
        self.rows[name] = np.array(told, np.int64).view("M8[us]")

    def _fill_number(self, name: str, values: NDArray[np.float64], stand_in: float) -> None:
        given = ~np.isnan(values)
        if name in _E7:
            values = np.rint(values * 1e7)
        limit = _LARGEST_REAL if self.rows.dtype[name].kind == "f" else np.iinfo(self.rows.dtype[name]).max
        with np.errstate(invalid="ignore"):
            held = given & (np.abs(values) <= limit)
        self.rows[name] = np.where(held, values, stand_in)
        self.missing[name] = ~held
        self._dropped |= given & ~held

    def _fill_sender(self, heard: Heard[Any], devices: Devices) -> None:
        known = [devices[sender] for sender in heard.senders]
        self.rows["device_id"] = [device.device_id for device in known]
        self.rows["org_id"] = [device.org_id for device in known]
        self.inactive: Mask = np.array([not device.active for device in known], bool)

    def _fill_times(self, time: str, received_us: list[int]) -> None:
        received = np.array(received_us, np.int64)
        given = self._columns.get(time, [])
        own = np.array([MISSING_INT8 if moment is None else (moment - _EPOCH) // _ONE_US for moment in given], np.int64)
        self.missing[time] = own == MISSING_INT8
        self.rows["received_at"] = received.view("M8[us]")
        self.rows[time] = np.where(self.missing[time], received, own).view("M8[us]")


def _columns(readings: Sequence[Position] | Sequence[SensorReading]) -> dict[str, Sequence[Any]]:
    return dict(zip(readings[0]._fields, zip(*readings, strict=True), strict=True)) if readings else {}


def _real(value: float | None) -> float | None:
    return value if value is not None and abs(value) < _LARGEST_REAL else None
