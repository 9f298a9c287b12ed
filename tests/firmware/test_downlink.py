"""Configuration, commands, images and the will, between a virtual device and a real broker."""

from __future__ import annotations

import hashlib
import json
import signal
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from nacl.signing import SigningKey

from beatwatch.services.program import Program
from tests.firmware.device import DRIVE, Ear, VirtualDevice, listening
from tests.waiting import wait_until

pytestmark = [pytest.mark.server, pytest.mark.acceptance]

SCRIPT = f"0 speed 10\n0 load_raw 1000\n0 temperature_cc 2500\n{DRIVE}"
CHUNK_BYTES = 512


@pytest.fixture
def ear(own_broker: tuple[Program, str]) -> Iterator[Ear]:
    with listening(own_broker[1]) as heard:
        yield heard


@pytest.fixture
def device(host_programs: Path, own_broker: tuple[Program, str], tmp_path: Path) -> Iterator[VirtualDevice]:
    virtual = VirtualDevice(host_programs / "tracker", tmp_path, own_broker[1])
    yield virtual
    virtual.stop()


def acknowledgement(ear: Ear, identity: str, timeout_s: float = 20) -> dict[Any, Any]:  # by name, or by number in CBOR
    def found() -> list[dict[Any, Any]]:
        return [ack for ack in ear.on("ack") if ack.get("id", ack.get(44)) == identity]

    wait_until(lambda: bool(found()), timeout_s)
    return found()[0]


def test_a_configuration_is_used_answered_and_kept_over_a_restart(device: VirtualDevice, ear: Ear) -> None:
    device.start(SCRIPT)
    wait_until(lambda: bool(ear.on("status")))
    ear.say("van-7", "cfg", json.dumps({"id": "c-1", "version": "7", "encoding": 1}).encode())
    accepted = acknowledgement(ear, "c-1")
    assert (accepted[60], accepted[61], accepted[43]) == ("cfg", True, "7")  # CBOR already: the configuration is in use
    ear.say("van-7", "cfg", cbor2.dumps({44: "c-2", 43: "8", 86: 99}))
    refused = acknowledgement(ear, "c-2")
    assert (refused[61], refused[62]) == (False, "invalid: window")
    wait_until(lambda: any(3 in reading for reading in ear.readings()))
    device.stop()
    before = len(ear.on("status"))
    device.start(SCRIPT)
    wait_until(lambda: len([status for status in ear.on("status")[before:] if status.get(43) == "7"]) == 1)


def test_a_configuration_that_was_never_confirmed_is_rolled_back(device: VirtualDevice, ear: Ear, tmp_path: Path) -> None:
    # It comes while there is no network, so that the answer to it cannot be delivered within its trial.
    wanted = tmp_path / "configuration.json"
    wanted.write_text(json.dumps({"id": "c-9", "version": "9", "trial_s": 30}))
    device.start(f"0 speed 20\n0 network off\n{DRIVE}60 network on\n", "--configuration", str(wanted))
    wait_until(lambda: any(ack.get("reason") == "rolled_back: unconfirmed" for ack in ear.on("ack")))
    assert [ack["version"] for ack in ear.on("ack") if not ack["accepted"]] == ["factory"]
    wait_until(lambda: bool(ear.on("status")))
    assert ear.on("status")[-1]["configuration_version"] == "factory"


def test_commands_are_carried_out_and_answered(device: VirtualDevice, ear: Ear) -> None:
    device.start(SCRIPT)
    wait_until(lambda: len(ear.readings()) > 3)  # the load cell's window is full
    commands: dict[str, dict[str, object]] = {
        "1": {"command": "self_test"},
        "2": {"command": "span", "value": 5000},
        "3": {"command": "dance"},
    }
    for identity, command in commands.items():
        ear.say("van-7", "cmd", json.dumps({"id": identity, **command}).encode())
    assert acknowledgement(ear, "1")["accepted"]
    assert acknowledgement(ear, "2")["accepted"]
    assert acknowledgement(ear, "3")["reason"] == "unknown_command"
    wait_until(lambda: any(reading.get("cargo_kg") == 5 for reading in ear.readings()))


def test_a_command_waits_for_the_device(device: VirtualDevice, ear: Ear) -> None:
    device.start(SCRIPT)
    wait_until(lambda: bool(ear.on("status")))
    device.stop()
    wait_until(lambda: {"online": False} in ear.on("status"))
    ear.say("van-7", "cmd", json.dumps({"id": "late", "command": "report"}).encode())
    device.start(SCRIPT)
    assert acknowledgement(ear, "late")["accepted"]


def image_messages(key: SigningKey, image: bytes, build: int) -> tuple[bytes, list[bytes]]:
    version, digest = "1.1.0", hashlib.sha256(image).digest()
    statement = b"BWF1" + struct.pack("<III", 1, build, len(image)) + version.encode().ljust(28, b"\0") + digest
    signature = key.sign(statement).signature
    manifest = {44: "u", 50: version, 51: build, 52: len(image), 53: digest, 54: signature, 57: 1}
    chunks = [cbor2.dumps({55: at, 56: image[at : at + CHUNK_BYTES]}) for at in range(0, len(image), CHUNK_BYTES)]
    return cbor2.dumps(manifest), chunks


def test_a_signed_image_is_taken_tried_and_confirmed(device: VirtualDevice, ear: Ear) -> None:
    key = SigningKey(b"8" * 32)
    image = bytes(number * 7 % 251 for number in range(9000))
    public = ["--public-key", key.verify_key.encode().hex()]
    process = device.start(SCRIPT, *public)
    wait_until(lambda: bool(ear.on("status")))

    forged, _ = image_messages(SigningKey(b"9" * 32), image, 2)
    ear.say("van-7", "ota", forged)
    assert acknowledgement(ear, "u") == {**ear.on("ack")[0], "accepted": False, "reason": "refused"}

    manifest, chunks = image_messages(key, image, 2)
    for message in (manifest, *chunks):
        told = len(ear.on("ack"))
        ear.say("van-7", "ota", message)
        wait_until(lambda told=told: len(ear.on("ack")) > told)  # type: ignore[misc]
    last = ear.on("ack")[-1]
    assert (last["accepted"], last["reason"]) == (True, "ready")
    process.communicate(timeout=60)
    assert process.returncode == 4  # it restarts to try the image

    device.start(SCRIPT, *public)
    wait_until(lambda: len(ear.readings()) > 3)
    device.stop()
    assert image in device.flash_file.read_bytes()
    process = device.start(SCRIPT, *public)
    told = len(ear.on("ack"))
    ear.say("van-7", "ota", manifest)  # confirmed: build 2 is no longer news
    wait_until(lambda: len(ear.on("ack")) > told)
    assert ear.on("ack")[-1]["reason"] == "refused"


def test_the_will_says_offline_and_is_retained(device: VirtualDevice, ear: Ear, own_broker: tuple[Program, str]) -> None:
    process = device.start(SCRIPT)
    wait_until(lambda: bool(ear.on("status")))
    assert ear.on("status")[0]["online"] is True
    process.send_signal(signal.SIGKILL)
    wait_until(lambda: {"online": False} in ear.on("status"))
    with listening(own_broker[1]) as late:
        wait_until(lambda: ("status", {"online": False}, True) in late.messages)
