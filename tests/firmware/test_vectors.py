"""What the C encoders wrote is what the service reads."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.firmware.conftest import VECTORS
from wire.registry import codec

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 22, 13, tzinfo=UTC)
ALARMS = (
    "sos",
    "tow",
    "power_cut",
    "power_restored",
    "low_battery",
    "tamper",
    "overspeed",
    "harsh_acceleration",
    "harsh_braking",
    "fuel_leak",
    "door",
    "gps_antenna_cut",
)
FULL = Position(
    "van-1",
    fix_time=NOON + timedelta(milliseconds=123),
    received_at=RECEIVED,
    longitude_deg=77.5945627,
    latitude_deg=12.9715987,
    speed_mps=12.34,
    course_deg=270.55,
    altitude_m=920.5,
    accuracy_m=4.5,
    hdop=0.9,
    satellites=9,
    fix_valid=True,
    ignition=True,
    in_motion=True,
    door_open=False,
    cargo_kg=1250.5,
    fuel_l=41.275,
    fuel_pct=68.8,
    external_v=13.85,
    battery_v=4.1,
    battery_pct=97,
    odometer_m=123456,
    temperature_c=(-18.25, None, 4.0),
    boot_id=3,
    seq=42,
)
BACKLOG = [
    FULL._replace(
        seq=100 + number,
        fix_time=NOON + timedelta(seconds=10 * number),
        latitude_deg=round(12.9715987 + number * 0.0001, 7),
        buffered=True,
    )
    for number in range(16)
]
EXPECTED: dict[str, tuple[str, list[Reading]]] = {
    "position_full": ("pos", [FULL]),
    "position_no_fix": (
        "pos",
        [Position("van-1", NOON + timedelta(seconds=10), RECEIVED, fix_valid=False, external_v=0.0, boot_id=3, seq=43)],
    ),
    "position_extremes": (
        "pos",
        [
            Position(
                "van-1",
                NOON,
                RECEIVED,
                longitude_deg=-179.9999999,
                latitude_deg=-89.9999999,
                speed_mps=0.0,
                course_deg=0.0,
                altitude_m=-430.5,
                cargo_kg=-0.005,
                boot_id=3,
                seq=4294967295,
            )
        ],
    ),
    "position_backlog": ("pos", list(BACKLOG)),
    "event_every_alarm": ("event", [FULL._replace(seq=44, alarms=ALARMS)]),
    "sensor_full": (
        "sensor",
        [
            SensorReading(
                "van-1",
                NOON + timedelta(milliseconds=999),
                RECEIVED,
                weight_g=48210,
                temperature_c=4.25,
                humidity_pct=65.5,
                door_open=True,
                count=17,
                battery_v=3.605,
                battery_pct=88,
                boot_id=3,
                seq=7,
            )
        ],
    ),
    "sensor_batch_undated": (
        "sensor",
        [
            SensorReading("van-1", NOON, RECEIVED, weight_g=0, buffered=True, boot_id=3, seq=8),
            SensorReading("van-1", None, RECEIVED, temperature_c=-0.01, buffered=True, boot_id=3, seq=9),
        ],
    ),
    "status_will": ("status", [DeviceStatus("van-1", None, RECEIVED, online=False)]),
    "status_online": (
        "status",
        [
            DeviceStatus(
                "van-1",
                NOON,
                RECEIVED,
                online=True,
                firmware="beatwatch-tracker 1.0.0",
                signal_dbm=-71,
                configuration_version="7",
                battery_v=4.1,
                battery_pct=97,
                boot_id=3,
            )
        ],
    ),
    "ack_configuration_refused": ("ack", []),
    "ack_image_chunk": ("ack", []),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("encoding", ["json", "cbor"])
def test_golden_payloads_mean_what_the_firmware_meant(name: str, encoding: str) -> None:
    channel, expected = EXPECTED[name]
    payload = (VECTORS / f"{name}.{encoding}").read_bytes()
    read = codec(f"beatwatch-{encoding}").decode(f"bw/1/demo/van-1/{channel}", payload, RECEIVED, "van-1")
    assert read == expected


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("encoding", ["json", "cbor"])
def test_either_encoding_is_known_by_its_first_byte(name: str, encoding: str) -> None:
    channel, expected = EXPECTED[name]
    payload = (VECTORS / f"{name}.{encoding}").read_bytes()
    assert codec("beatwatch").decode(f"bw/1/demo/van-1/{channel}", payload, RECEIVED, "van-1") == expected


def test_every_golden_payload_is_expected() -> None:
    assert {path.stem for path in VECTORS.glob("*.*") if path.suffix in {".json", ".cbor"}} == set(EXPECTED)


def test_the_encoders_still_write_the_golden_payloads(host_programs: Path, tmp_path: Path) -> None:
    subprocess.run([host_programs / "golden", tmp_path], check=True)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in VECTORS.glob("*.*") if path.suffix in {".json", ".cbor"}}
