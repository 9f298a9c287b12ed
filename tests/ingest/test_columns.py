from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.grades import Grade, GradeReason
from domain.observations import DeviceStatus, Position, SensorReading
from ingest.columns import days_of, to_batch
from ingest.decoding import Decoded
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from store.devices import Identity, KnownDevice
from store.telemetry import TelemetryBatch

VAN = Identity("acme", "beatwatch", "van")
DEVICES = {VAN: KnownDevice(7, 3, active=True)}
RECEIVED = datetime(2026, 5, 4, 9, tzinfo=UTC)
FIX = Position("van", RECEIVED, RECEIVED, 77.5, 12.9)


def batch_of(*readings: Position | SensorReading | DeviceStatus, retained: bool = False) -> TelemetryBatch:
    decoded = Decoded([Delivery("t", b"", round(RECEIVED.timestamp() * 1e6), retained, None)])
    for reading in readings:
        heard: Any = decoded.statuses
        if isinstance(reading, Position):
            heard = decoded.positions
        elif isinstance(reading, SensorReading):
            heard = decoded.sensor_readings
        heard.add(reading, VAN, 0)
    return to_batch(decoded, DEVICES, Screening())


def seq_of(*positions: Position) -> list[int]:
    return [int(seq) for seq in batch_of(*positions).positions["seq"]]


def test_values_become_columns_in_their_units() -> None:
    full = FIX._replace(speed_mps=1.5, satellites=9, ignition=False, odometer_m=1e9 + 0.5, boot_id=2**63 - 1, seq=5)
    full = full._replace(device_time=RECEIVED - timedelta(seconds=2))
    row, bare = batch_of(full, FIX).positions
    assert (row["device_id"], row["org_id"], row["seq"], row["boot_id"]) == (7, 3, 5, 2**63 - 1)
    assert (row["longitude_e7"], row["latitude_e7"], row["speed_mps"]) == (775_000_000, 129_000_000, 1.5)
    assert (row["satellites"], row["ignition"], row["door_open"], row["odometer_m"]) == (9, 0, -1, 1e9 + 0.5)
    assert row["fix_time"] == np.datetime64("2026-05-04T09:00", "us")
    assert row["device_time"] == np.datetime64("2026-05-04T08:59:58", "us")
    assert np.isnat(bare["device_time"])


def test_a_fix_without_a_number_is_known_by_what_it_says() -> None:
    other = [
        FIX._replace(latitude_deg=12.9000001),
        FIX._replace(fix_time=RECEIVED - timedelta(microseconds=1)),
        FIX._replace(speed_mps=0.0),
        FIX._replace(course_deg=0.0),
        FIX._replace(ignition=False),
        FIX._replace(temperature_c=(4.0,)),
        FIX._replace(temperature_c=(None, 4.0)),
        FIX._replace(alarms=("sos",)),
    ]
    numbers = seq_of(FIX, *other)
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 0


def test_the_same_fix_sent_again_from_the_buffer_has_the_same_number() -> None:
    again = FIX._replace(received_at=RECEIVED + timedelta(hours=1), buffered=True, boot_id=8)
    assert len(set(seq_of(FIX, again))) == 1


def test_numbers_are_what_they_have_always_been() -> None:
    """A redelivery after an upgrade must meet the row that an older version stored."""
    assert seq_of(FIX, FIX._replace(speed_mps=2.5, alarms=("sos",))) == [
        -8273312400666078269,
        -1456183194684253350,
    ]


@given(st.permutations([FIX, FIX._replace(speed_mps=1.0), FIX._replace(fuel_l=3.5), FIX._replace(alarms=("tow",))]))
def test_numbers_do_not_depend_on_the_company(fixes: list[Position]) -> None:
    assert seq_of(*fixes) == [seq_of(fix)[0] for fix in fixes]


def test_a_value_that_cannot_be_stored_is_missing_and_the_fix_degraded() -> None:
    row = batch_of(FIX._replace(speed_mps=1e300, satellites=70_000, seq=2**70)).positions[0]
    assert np.isnan(row["speed_mps"])
    assert row["satellites"] == -1
    assert (row["grade"], row["grade_reason"]) == (Grade.degraded, GradeReason.value_out_of_range)


def test_a_reading_without_a_time_is_of_its_receipt_unless_it_was_retained() -> None:
    timeless = SensorReading("van", weight_g=5.0)
    live, kept = (batch_of(timeless, retained=retained).sensor_readings[0] for retained in (False, True))
    assert live["measured_at"] == live["received_at"] == np.datetime64("2026-05-04T09:00", "us")
    assert live["grade"] == Grade.good
    assert (kept["grade"], kept["grade_reason"]) == (Grade.quarantined, GradeReason.no_time)
    assert batch_of(timeless._replace(measured_at=RECEIVED), retained=True).sensor_readings[0]["grade"] == Grade.good


def test_a_status_without_a_time_is_marked_so() -> None:
    will, told = batch_of(
        DeviceStatus("van", online=False), DeviceStatus("van", RECEIVED - timedelta(hours=1), online=True)
    ).statuses
    assert (will.timeless, will.reported_at, will.online) == (True, RECEIVED, False)
    assert (told.timeless, told.reported_at) == (False, RECEIVED - timedelta(hours=1))


def test_only_believable_days_get_a_partition() -> None:
    odd = FIX._replace(fix_time=datetime(1980, 1, 6, tzinfo=UTC))
    days = days_of(batch_of(FIX, odd, FIX._replace(fix_time=RECEIVED - timedelta(days=2))))
    assert {str(day) for day in days["position"]} == {"2026-05-04", "2026-05-02"}


def test_text_that_a_database_cannot_hold_is_made_so() -> None:
    batch = batch_of(FIX._replace(alarms=("a\0b", "\ud800")), DeviceStatus("van", firmware="1\0"))
    assert batch.alarms == {0: ["a\ufffdb", "?"]}
    assert batch.statuses[0].firmware == "1\ufffd"
