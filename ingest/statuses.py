"""Device statuses to rows. There are few of them, so one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np

from domain.grades import Grade, GradeReason
from domain.observations import DeviceStatus
from ingest.decoding import Decoded, storable
from ingest.fingerprint import as_int8, fingerprint_of
from ingest.screening import Screening, grade_times
from store.devices import Identity, KnownDevice
from store.telemetry import StatusRow

_CONTENT: Final = ("online", "firmware", "signal_dbm", "configuration_version", "battery_v", "battery_pct")
_TIMES: Final = np.dtype([("reported_at", "<M8[us]"), ("received_at", "<M8[us]"), ("grade", "<i2"), ("grade_reason", "<i2")])


def status_rows(decoded: Decoded, devices: Mapping[Identity, KnownDevice], screening: Screening) -> list[StatusRow]:
    """The rows of all statuses of `decoded`. A retained status is as true now as when it was said, so it is taken for now."""
    heard = decoded.statuses
    rows = []
    for status, sender, delivery_no in zip(heard.readings, heard.senders, heard.delivery_nos, strict=True):
        received_at = datetime.fromtimestamp(decoded.deliveries[delivery_no].received_us / 1e6, UTC)
        rows.append(_row(status, devices[sender], received_at, screening))
    return rows


def _row(status: DeviceStatus, device: KnownDevice, received_at: datetime, screening: Screening) -> StatusRow:
    # Some formats' codecs give the time of receipt to what has no time of its own.
    timeless = status.reported_at is None or status.reported_at == status.received_at
    reported_at = received_at if status.reported_at is None or timeless else status.reported_at
    grade, reason = _grade(reported_at, received_at, device, screening)
    return StatusRow(
        device.device_id,
        reported_at,
        fingerprint_of(*(getattr(status, name) for name in _CONTENT)) if status.seq is None else as_int8(status.seq),
        device.org_id,
        status.online,
        None if status.firmware is None else storable(status.firmware),
        _real(status.signal_dbm),
        None if status.configuration_version is None else storable(status.configuration_version),
        _real(status.battery_v),
        _real(status.battery_pct),
        None if status.boot_id is None else as_int8(status.boot_id),
        received_at,
        grade,
        reason,
        timeless,
    )


def _grade(
    reported_at: datetime, received_at: datetime, device: KnownDevice, screening: Screening
) -> tuple[Grade, GradeReason]:
    row = np.array([(reported_at.replace(tzinfo=None), received_at.replace(tzinfo=None), 0, 0)], _TIMES)
    grade_times(row, "reported_at", np.zeros(1, bool), np.array([not device.active]), screening)
    return Grade(int(row["grade"][0])), GradeReason(int(row["grade_reason"][0]))


def _real(value: float | None) -> float | None:
    return value if value is not None and abs(value) < 3e38 else None
