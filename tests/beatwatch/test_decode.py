"""`beatwatch decode` as a person or a script runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.acceptance
PUBLISHED = (
    "000000000000003608010000016B40D8EA30010000000000000000000000000000000105021503010101425E0F01F10000601A014E"
    "0000000000000000010000C7CF"
)
AT = "2026-05-01T06:00:00Z"


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "beatwatch", "decode", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def readings(*arguments: str, stdin: bytes = b"") -> list[dict[str, Any]]:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_hexadecimal_on_standard_input() -> None:
    (reading,) = readings("--format", "teltonika", "--hex", "--received-at", AT, stdin=f" {PUBLISHED}\n".encode())
    assert reading == {
        "kind": "position",
        "fix_time": "2019-06-10T10:04:46Z",
        "received_at": AT,
        "satellites": 0,
        "fix_valid": False,
        "external_v": 24.079,
    }


def test_a_file_of_bytes_with_its_topic(tmp_path: Path) -> None:
    file = tmp_path / "frame.bin"
    file.write_bytes(bytes.fromhex(PUBLISHED))
    (reading,) = readings("--format", "teltonika", "--topic", "352093081429150/data", str(file))
    assert reading["device"] == "352093081429150"
    assert reading["received_at"].startswith("20")


def test_a_batch_prints_a_line_each_of_its_kind() -> None:
    batch = b'[{"measured_at":"2026-05-01T05:59:58Z","weight_g":5.5},{"measured_at":1777615198000,"count":3}]\n'
    first, second = readings("--format", "beatwatch-json", "--topic", "bw/1/acme/shelf-1/sensor", stdin=batch)
    assert (first["kind"], first["device"], first["weight_g"]) == ("sensor", "shelf-1", 5.5)
    assert (second["measured_at"], second["count"]) == ("2026-05-01T05:59:58Z", 3)


def test_a_profile_says_how_the_device_is_wired(tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    file.write_text('{"inputs": {"1": {"field": "door_open"}}}', encoding="utf-8")
    arguments = ("--format", "teltonika", "--hex", "--device", "van-1", "--profile", str(file))
    (reading,) = readings(*arguments, stdin=PUBLISHED.encode())
    assert (reading["device"], reading["door_open"]) == ("van-1", True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("--format", "teltonika", "--hex"), PUBLISHED.replace("C7CF", "C7CE").encode(), "error: undecodable: bad_checksum: "),
        (("--format", "beatwatch-json"), b'[{"seq":1},{"seq":"x"}]', "error: undecodable: wrong_type: "),
        (("--format", "teltonika", "--hex"), b"zz", "error: invalid_input: payload: "),
        (("--format", "morse"), b"", "error: invalid_input: format: 'morse' is none of "),
        (("--format", "beatwatch-json", "--received-at", "noon"), b"{}", "error: invalid_input: received-at: "),
        (("--format", "beatwatch-json", "/no/such/file"), b"", "error: invalid_input: /no/such/file: "),
    ],
)
def test_what_cannot_be_decoded_prints_nothing_but_why(arguments: tuple[str, ...], stdin: bytes, message: str) -> None:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode().startswith(message)
    assert done.stderr.count(b"\n") == 1
