"""Power is cut again and again while a tracker stores and sends: what arrives is whole, and every reading one thing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from beatwatch.services.program import Program
from tests.firmware.device import DRIVE, VirtualDevice, listening
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]

POWER_CUT = 3


def test_no_reading_is_lost_or_sent_under_two_names_through_thirty_power_cuts(
    host_programs: Path, own_broker: tuple[Program, str], tmp_path: Path
) -> None:
    # Without network the clock is fast; every third run has a network and sends what there is.
    chance = random.Random(8)
    device = VirtualDevice(host_programs / "tracker", tmp_path, own_broker[1])
    with listening(own_broker[1]) as ear:
        for run in range(30):
            offline = f"0 speed max\n0 network off\n{DRIVE}"
            online = f"0 speed 20\n{DRIVE}"
            script = online if run % 3 == 2 else offline
            code, _ = device.run(script, "--power-cut-after", str(chance.randrange(1, 6000)), "--duration", "200")
            assert code in {0, POWER_CUT}
        code, report = device.run(f"0 speed 20\n{DRIVE}", "--duration", "60")
        assert (code, report["waiting"], report["dropped"]) == (0, 0, 0)
        wait_until(lambda: len({reading["seq"] for reading in ear.readings()}) >= report["stored_seq"])
        readings = ear.readings() + ear.readings("event")
    by_seq: dict[int, tuple[int, str]] = {}
    for reading in readings:
        name = (reading["boot_id"], reading["fix_time"])
        assert by_seq.setdefault(reading["seq"], name) == name, "two readings under one sequence number"
    assert set(by_seq) == set(range(1, report["stored_seq"] + 1))
    assert len(set(by_seq.values())) == len(by_seq), "one reading under two sequence numbers"
