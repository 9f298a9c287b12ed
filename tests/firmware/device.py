"""A virtual device as a process, and a subscriber that keeps what it says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.waiting import wait_until

DRIVE = "0 ignition 1\n0 external_mv 13800\n0 battery_mv 4100\n0 drive 77.59 12.97 10 90\n"


class VirtualDevice:
    """`tracker` or `shelf` with a script; several runs share one flash image."""

    def __init__(self, program: Path, folder: Path, url: str, device: str = "van-7") -> None:
        self._program = program
        self._folder = folder
        self.flash_file = folder / "flash.bin"
        self._address = ["--url", url, "--device", device, "--tenant", "default"]
        self.process: subprocess.Popen[str] | None = None

    def start(self, script: str, *options: str) -> subprocess.Popen[str]:
        path = self._folder / "script.txt"
        path.write_text(script)
        flash = ["--flash", str(self.flash_file)]
        command = [str(self._program), *self._address, *flash, "--script", str(path), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self.process

    def run(self, script: str, *options: str, timeout_s: float = 90.0) -> tuple[int, dict[str, Any]]:
        """Runs to its end; exit code and what it printed about its store, empty after a power cut."""
        process = self.start(script, *options)
        output, _ = process.communicate(timeout=timeout_s)
        report: dict[str, Any] = json.loads(output) if output else {}
        return process.returncode, report

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()  # it may be dead already
            self.process.wait()
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()


class Ear:
    """A client that hears everything a tenant's devices say, and can speak to them."""

    def __init__(self, client: mqtt.Client) -> None:
        self.client = client
        self.messages: list[tuple[str, Any, bool]] = []

    def hear(self, message: mqtt.MQTTMessage) -> None:
        payload = message.payload
        content = json.loads(payload) if payload[:1] in {b"{", b"["} else cbor2.loads(payload)
        self.messages.append((message.topic.rpartition("/")[2], content, message.retain))

    def on(self, leaf: str) -> list[Any]:
        return [content for heard, content, _ in self.messages if heard == leaf]

    def readings(self, leaf: str = "pos") -> list[Any]:
        """Readings in the order in which they came, batches taken apart."""
        batches = [content if isinstance(content, list) else [content] for content in self.on(leaf)]
        return [reading for batch in batches for reading in batch]

    def say(self, device: str, leaf: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(f"bw/1/default/{device}/{leaf}", payload, qos=1, retain=retain).wait_for_publish(10)


@contextmanager
def listening(url: str) -> Iterator[Ear]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="ear")
    ear = Ear(client)
    subscribed: list[bool] = []
    client.on_message = lambda _client, _data, message: ear.hear(message)
    client.on_subscribe = lambda *_: subscribed.append(True)
    parts = urlsplit(url)
    assert parts.hostname is not None
    client.connect(parts.hostname, parts.port or 1883)
    client.loop_start()
    client.subscribe("bw/1/default/+/+", qos=1)
    wait_until(lambda: bool(subscribed))
    yield ear
    client.disconnect()
    client.loop_stop()
