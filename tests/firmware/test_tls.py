"""The host port over TLS, against a broker with a certificate of a throw-away authority."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beatwatch.services.ports import free_port
from tests.firmware.device import DRIVE, VirtualDevice, wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]


def certify(folder: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=Test CA",
    )
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl("x509", "-req", "-in", "broker.csr", *signing, "-out", "broker.pem")


@pytest.fixture
def tls_broker() -> Iterator[tuple[str, Path]]:
    """URL and authority of a broker that speaks nothing but TLS."""
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if shutil.which("openssl") is None or binary is None:
        pytest.skip("openssl or mosquitto is not installed")
    with tempfile.TemporaryDirectory(prefix="beatwatch-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        certify(folder)
        (folder / "broker.key").chmod(0o644)
        (folder / "broker.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker.key\n"
        )
        with (folder / "broker.log").open("wb") as log:
            broker = subprocess.Popen([binary, "-v", "-c", folder / "broker.conf"], stdout=log, stderr=log)
        wait_until(lambda: "running" in (folder / "broker.log").read_text(), 20)
        yield f"mqtts://localhost:{port}", folder
        broker.terminate()
        broker.wait(10)


def test_readings_go_through_tls_and_a_strange_authority_is_refused(
    host_programs: Path, tls_broker: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = tls_broker
    device = VirtualDevice(host_programs / "tracker", tmp_path, url)
    script = f"0 speed 10\n{DRIVE}"
    code, report = device.run(script, "--duration", "60", "--ca", str(folder / "ca.pem"))
    assert (code, report["waiting"]) == (0, 0)
    assert report["stored_seq"] >= 6

    certify(tmp_path)  # another authority of the same name
    code, later = device.run(script, "--duration", "60", "--ca", str(tmp_path / "ca.pem"))
    assert code == 0
    assert later["waiting"] == later["stored_seq"] - report["stored_seq"] > 0
