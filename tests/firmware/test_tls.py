"""The host port over TLS, against a broker with a certificate of a throw-away authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware.device import DRIVE, VirtualDevice
from tests.tls import certify, tls_broker

pytestmark = [pytest.mark.server, pytest.mark.acceptance]


@pytest.fixture
def broker() -> Iterator[tuple[str, Path]]:
    """URL and authority of a broker that speaks nothing but TLS."""
    with tls_broker() as found:
        yield found


def test_readings_go_through_tls_and_a_strange_authority_is_refused(
    host_programs: Path, broker: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = broker
    device = VirtualDevice(host_programs / "tracker", tmp_path, url)
    script = f"0 speed 10\n{DRIVE}"
    code, report = device.run(script, "--duration", "60", "--ca", str(folder / "ca.pem"))
    assert (code, report["waiting"]) == (0, 0)
    assert report["stored_seq"] >= 6

    certify(tmp_path)  # another authority of the same name
    code, later = device.run(script, "--duration", "60", "--ca", str(tmp_path / "ca.pem"))
    assert code == 0
    assert later["waiting"] == later["stored_seq"] - report["stored_seq"] > 0
