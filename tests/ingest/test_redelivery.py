"""A reading without a time of its own is stored once, whenever the broker had to deliver its message again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from beatwatch.services.program import Program
from ingest.pipeline import Pipeline
from ingest.sources.delivery import Delivery
from tests.ingest.conftest import NOW_US, IngestProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.server
Ask = Callable[[str], Any]

TIMELESS = {
    "zigbee2mqtt/cooler-1": '{"temperature": 4.5, "contact": true}',
    "senml/shelf-1": '[{"n": "weight", "u": "kg", "v": 5.25}]',
    "senml/shelf-2": '[{"n": "weight", "u": "kg", "v": 5.25, "t": -60}]',
    "bw/1/default/van-1/pos": '{"longitude_deg": 77.5, "latitude_deg": 12.9}',
    "bw/1/default/van-2/pos": '{"longitude_deg": 77.5, "latitude_deg": 12.9, "seq": 7}',
}

# The service as it is, but that the kernel ends it between its first commit and the acknowledgement.
_DIES_BEFORE_ACKNOWLEDGING = """
import os, signal, sys
from beatwatch.__main__ import build_app
from ingest.sources.mqtt import MqttSource
MqttSource.acknowledge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["beatwatch", "ingest"]
build_app()()
"""


def publish(mqtt_url: str, topic: str, payload: str) -> None:
    port = mqtt_url.rsplit(":", 1)[1]
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", topic, "-m", payload]
    subprocess.run(command, check=True, timeout=60)


def count(one_value: Ask) -> int:
    return int(one_value("SELECT (SELECT count(*) FROM position) + (SELECT count(*) FROM sensor_reading)"))


def test_a_crash_between_commit_and_acknowledgement_doubles_nothing(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask, tmp_path: Any
) -> None:
    ingest.start()
    ingest.end(signal.SIGTERM)  # the broker keeps from now on what the session has subscribed to
    for topic, payload in TIMELESS.items():
        publish(own_broker[1], topic, payload)
    environment = {**os.environ, **ingest.environment}
    died = subprocess.run(
        [sys.executable, "-c", _DIES_BEFORE_ACKNOWLEDGING], env=environment, timeout=60, capture_output=True, check=False
    )
    assert died.returncode == -signal.SIGKILL
    stored = count(one_value)
    assert stored > 0  # it had committed
    ingest.start()
    wait_until(lambda: one_value("SELECT count(*) FROM device") == len(TIMELESS))
    publish(own_broker[1], "zigbee2mqtt/last", '{"temperature": 1}')
    wait_until(lambda: one_value("SELECT count(*) FROM sensor_reading WHERE temperature_c = 1") == 1)
    assert count(one_value) == len(TIMELESS) + 1
    assert ingest.end(signal.SIGTERM) == 0


def test_the_same_content_said_anew_is_another_reading(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    for _ in range(3):
        publish(own_broker[1], "zigbee2mqtt/cooler-1", TIMELESS["zigbee2mqtt/cooler-1"])
    wait_until(lambda: count(one_value) == 3)
    assert ingest.end(signal.SIGTERM) == 0


def said(packet_id: int, seconds: float, *, again: bool = False, temperature: float = 4.5) -> Delivery:
    payload = b'{"temperature": %.1f}' % temperature
    return Delivery("zigbee2mqtt/cooler", payload, NOW_US + round(seconds * 1e6), False, (1, packet_id), again)


def store(pipeline: Pipeline, *deliveries: Delivery) -> None:
    pipeline.store(pipeline.decoder.decode(pipeline.recall(list(deliveries))))


@pytest.mark.parametrize(
    ("batches", "rows"),
    [
        ([[said(5, 0)], [said(5, 60, again=True)]], 1),
        ([[said(5, 0), said(5, 1, again=True)]], 1),  # both before the first commit
        ([[said(5, 0), said(5, 1, again=True)], [said(5, 2, again=True)]], 1),
        ([[said(5, 0)], [said(6, 60, again=True)]], 2),  # its first copy was never stored
        ([[said(5, 0)], [said(5, 60)]], 2),  # a new delivery under a number that is free again
        ([[said(5, 0)], [said(5, 60, again=True, temperature=9)]], 2),
        ([[said(5, 0)], [said(6, 3_600)], [said(5, 3_700, again=True)]], 3),  # the number is an earlier lap's
    ],
)
def test_number_and_content_tell_a_redelivery(
    make_pipeline: Callable[..., Pipeline], one_value: Ask, batches: list[list[Delivery]], rows: int
) -> None:
    pipeline = make_pipeline()
    for batch in batches:
        store(pipeline, *batch)
    assert count(one_value) == rows
