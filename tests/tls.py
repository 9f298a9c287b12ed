"""A broker that speaks nothing but TLS, certified by an authority made on the spot."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beatwatch.services.ports import free_port


def certify(folder: Path) -> None:
    """Write `ca.pem`, an authority, and `broker.pem` and `broker.key`, which it certifies for localhost."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes"]
    openssl(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA")
    openssl(*new, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl("x509", "-req", "-in", "broker.csr", *signing, "-out", "broker.pem")


@contextmanager
def tls_broker() -> Iterator[tuple[str, Path]]:
    """Its URL, and the folder of its certificates. Skips the test where a program is missing."""
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
        try:
            _wait_for(folder / "broker.log", "running")
            yield f"mqtts://localhost:{port}", folder
        finally:
            broker.terminate()
            broker.wait(10)


def _wait_for(log: Path, word: str) -> None:
    until_s = time.monotonic() + 20
    while word not in log.read_text():
        assert time.monotonic() < until_s, log.read_text()
        time.sleep(0.05)
