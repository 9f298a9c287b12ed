"""Virtual devices on the real broker: what they measure comes out of the API and stands in the database."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from beatwatch.services.program import Program
from tests.api.conftest import serving
from tests.firmware.conftest import FIRMWARE
from tests.firmware.device import DRIVE, VirtualDevice
from tests.ingest.conftest import IngestProcess
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]

TRACK = """device_id,fix_time,longitude_deg,latitude_deg,speed_mps,course_deg,fix_valid,ignition,door_open
van-a,2024-05-01T08:00:00Z,77.5900,12.9700,8.0,90,true,true,false
van-b,2024-05-01T08:00:00Z,10.0,50.0,8.0,90,true,true,false
van-a,2024-05-01T08:00:10+00:00,77.5907,12.9700,8.5,90,true,true,false
van-a,2024-05-01T13:30:20+05:30,77.5914,12.9700,0.0,,true,true,true
"""


def test_make_run_puts_a_tracker_on_the_broker_and_its_readings_come_out_of_the_api(
    host_programs: Path, database_url: str, own_broker: tuple[Program, str], ingest: IngestProcess, tmp_path: Path
) -> None:
    script = tmp_path / "drive.txt"
    script.write_text(f"0 speed 10\n0 door 0\n0 fuel_mv 2500\n{DRIVE}")
    arguments = f"--url {own_broker[1]} --device van-api --script {script} --duration 60"
    make = ["make", "--silent", "--no-print-directory", "-C", str(FIRMWARE), "run", f"ARGUMENTS={arguments}"]
    report = json.loads(subprocess.run(make, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    assert report["waiting"] == 0
    with serving(database_url) as address, httpx.Client(base_url=address, timeout=60) as client:

        def points() -> list[dict[str, Any]]:
            answer = client.get("/vehicles/van-api/track", params={"rejected": True})
            return answer.json().get("points", []) if answer.is_success else []

        wait_until(lambda: len(points()) >= report["stored_seq"] - 1)  # all but the one before the first fix
        newest = client.get("/vehicles/van-api").json()["position"]
    assert newest["speed_mps"] == pytest.approx(10, abs=0.02)
    assert newest["ignition"] is True
    assert newest["door_open"] is False
    assert newest["fuel_l"] == pytest.approx(30, abs=0.1)
    assert newest["latitude_deg"] == pytest.approx(12.97, abs=1e-5)
    assert newest["longitude_deg"] > 77.59
    assert ingest.process is not None


def test_a_recorded_track_is_driven_again_as_if_it_were_now(
    host_programs: Path, database_url: str, own_broker: tuple[Program, str], ingest: IngestProcess, tmp_path: Path
) -> None:
    (tmp_path / "track.csv").write_text(TRACK)
    device = VirtualDevice(host_programs / "tracker", tmp_path, own_broker[1])
    options = ["--track", str(tmp_path / "track.csv"), "--track-device", "van-a", "--begin-ago", "40", "--duration", "40"]
    code, report = device.run("0 speed max\n0 network off\n28 network on\n28 speed 1\n", *options)
    assert (code, report["waiting"]) == (0, 0)
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT longitude_e7, speed_mps, door_open FROM position WHERE longitude_e7 IS NOT NULL ORDER BY fix_time, seq"
        wait_until(lambda: len(connection.execute(query).fetchall()) >= 3)
        rows = connection.execute(query).fetchall()
    assert [row[0] for row in rows][:2] == [775900000, 775907000]
    assert rows[-1] == (775914000, 0.0, True)


def test_a_shelf_sensor_is_stored_as_one(
    host_programs: Path, database_url: str, own_broker: tuple[Program, str], ingest: IngestProcess, tmp_path: Path
) -> None:
    shelf = VirtualDevice(host_programs / "shelf", tmp_path, own_broker[1], "shelf-3")
    script = (
        "0 speed 10\n0 wall_clock on\n0 temperature_cc 425\n0 humidity_permille 655\n0 door 0\n0 count 17\n0 battery_mv 3605\n"
    )
    code, report = shelf.run(f"{script}20 door 1\n", "--duration", "40")
    assert (code, report["waiting"]) == (0, 0)
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT temperature_c, humidity_pct, door_open, count, battery_v FROM sensor_reading ORDER BY measured_at, seq"
        wait_until(lambda: len(connection.execute(query).fetchall()) == report["stored_seq"] >= 2)
        assert connection.execute(query).fetchall()[-1] == pytest.approx((4.25, 65.5, True, 17, 3.605))
        statuses = "SELECT count(*) FROM device_status WHERE online AND firmware = 'beatwatch-shelf 1.0.0'"
        wait_until(lambda: connection.execute(statuses).fetchall() == [(1,)])
