"""Clients as they are, well behaved and not: what the broker takes is a reading, a dead letter, or known to say nothing."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import aiomqtt
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from beatwatch.services.program import Program
from tests.ingest.conftest import FIX, IngestProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.server
Ask = Callable[[str], Any]
LIMIT = 1 << 18  # bytes of a payload that is read


def mosquitto_pub(url: str, topic: str, content: bytes | None, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", url.rsplit(":", 1)[1], "-t", topic, *options]
    command += ["-n"] if content is None else ["-s"]
    return subprocess.run(command, input=content, timeout=60, capture_output=True, check=False)


def fix(seq: int, padding: int = 0) -> bytes:
    return json.dumps(FIX | {"seq": seq, "note": "x" * padding}).encode()


def sized(seq: int, size: int) -> bytes:
    return fix(seq, size - len(fix(seq)))


def counted(service: IngestProcess, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.metrics_port}/metrics") as answer:
        lines = answer.read().decode()
    return sum(map(float, re.findall(rf"^beatwatch_ingest_{name}_total(?:{{.*}})? (\S+)$", lines, re.MULTILINE)))


VERSIONS = ("mqttv31", "mqttv311", "mqttv5")


def test_every_version_and_quality_of_service_gets_through(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    seq = 0
    for version in VERSIONS:
        for qos in "012":
            for retain in ([], ["-r"]):
                seq += 1
                mosquitto_pub(own_broker[1], f"bw/1/default/v{seq}/pos", fix(seq), "-V", version, "-q", qos, *retain)
    wait_until(lambda: one_value("SELECT count(*) FROM position") == seq)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM dead_letter") == 0
    ingest.start()  # what is retained is not sent again to the session that it was sent to
    mosquitto_pub(own_broker[1], "bw/1/default/last/pos", fix(99), "-q", "1")
    wait_until(lambda: one_value("SELECT count(*) FROM position") > seq)
    assert ingest.end(signal.SIGTERM) == 0
    assert one_value("SELECT count(*) FROM position") == seq + 1


ODD = (  # topic, content, and the reason of the dead letter if it becomes one
    ("bw/1/default/van 7/pos", fix(1), None),
    ("bw/1/default/वैन-१/pos", fix(1), None),
    ("bw/1/default/🚚/pos", fix(1), None),
    ("bw/1/default/$van/pos", fix(1), None),
    ("bw/1/default/a.b:c@d/pos", fix(1), None),
    (f"bw/1/default/{'n' * 200}/pos", fix(1), None),
    (f"bw/1/default/{'n' * 201}/pos", fix(1), "bad_identity"),
    (f"bw/1/default/{'n' * 4000}/pos", fix(1), "no_route"),
    ("bw/1/default/empty/pos", None, "empty"),
    ("bw/1/default/largest/pos", sized(1, LIMIT), None),
    ("bw/1/default/larger/pos", sized(1, LIMIT + 1), "too_large"),
    ("bw/1/default/huge/pos", sized(1, 1_000_000), "too_large"),
    ("bw/1/default/bom/pos", b"\xef\xbb\xbf" + fix(1), None),
    ("bw/1/default/cstring/pos", fix(1) + b"\0", None),
    ("bw/1/default/zipped/pos", b"\x1f\x8b\x08" + bytes(20), "not_cbor"),
    ("bw/1/default/nan/pos", fix(1).replace(b"12.9", b"NaN"), "not_json"),
    ("bw/1/default/utf16/pos", fix(1).decode().encode("utf-16"), "not_cbor"),
    ("zigbee2mqtt/lamp", b'{"brightness": 200}', ""),  # nothing that is kept, which is counted as a warning
)


def test_odd_topics_and_payloads_are_stored_or_kept(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    for topic, content, _ in ODD:
        assert mosquitto_pub(own_broker[1], topic, content, "-q", "1").returncode == 0
    wait_until(lambda: counted(ingest, "acknowledged") == len(ODD))
    assert one_value("SELECT count(*) FROM position") == sum(reason is None for *_, reason in ODD)
    letters = one_value(
        "SELECT array_agg(topic || '|' || length(payload) || '|' || reason ORDER BY topic COLLATE \"C\") FROM dead_letter"
    )
    assert letters == [
        f"{topic}|{len(content or b'')}|{reason}" for topic, content, reason in sorted(ODD, key=lambda one: one[0]) if reason
    ]
    assert counted(ingest, "dead_letters") == len(letters)
    assert counted(ingest, "silent") == counted(ingest, "warnings") == 1
    assert counted(ingest, "decoded") == counted(ingest, "stored") == sum(reason is None for *_, reason in ODD)


def test_a_payload_beyond_the_brokers_limit_is_not_taken_and_harms_nobody(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    port = int(own_broker[1].rsplit(":", 1)[1])
    for protocol in (paho.MQTTv311, paho.MQTTv5):
        ends: list[str] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, f"large-{protocol}", protocol=protocol, reconnect_on_failure=False)
        client.on_publish = lambda *_, ends=ends: ends.append("taken")
        client.on_disconnect = lambda *_, ends=ends: ends.append("cut off")
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.publish("bw/1/default/van/pos", sized(1, 10 << 20), qos=1)
        wait_until(lambda ends=ends: bool(ends))  # type: ignore[misc]
        assert ends == ["cut off"]  # its sender knows
        client.loop_stop()
    mosquitto_pub(own_broker[1], "bw/1/default/van/pos", fix(2), "-q", "1")
    wait_until(lambda: one_value("SELECT count(*) FROM position") == 1)
    assert one_value("SELECT count(*) FROM dead_letter") == 0


def test_a_storm_of_connections_is_stored_whole(ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask) -> None:
    """Two hundred clients of two libraries come at once, each under a name that another takes over."""
    ingest.start()
    port = int(own_broker[1].rsplit(":", 1)[1])

    async def one(number: int) -> None:
        name, will = f"van-{number}", aiomqtt.Will(f"bw/1/default/van-{number}/status", b'{"online":false}', 1, retain=True)
        async with aiomqtt.Client("127.0.0.1", port, identifier=name, will=will) as client:
            await client.publish(f"bw/1/default/van-{number}/status", b'{"online":true}', 1, retain=True)
            for seq in range(5):
                await client.publish(f"bw/1/default/van-{number}/pos", fix(seq), qos=seq % 3)

    async def storm() -> None:
        await asyncio.gather(*(one(number) for number in range(200)))

    asyncio.run(storm())
    wait_until(lambda: one_value("SELECT count(*) FROM position") == 1_000)
    wait_until(lambda: one_value("SELECT count(*) FROM device_status") == 200)
    assert one_value("SELECT count(*) FROM dead_letter") == 0


def open_socket(port: int, sent: bytes) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port))
    opened.sendall(sent)
    return opened


def connect_packet(name: bytes, keepalive_s: int = 60) -> bytes:
    """A CONNECT of MQTT 3.1.1 for a clean session, with a will on the device's status."""
    topic, will = b"bw/1/default/" + name + b"/status", b'{"online":false}'
    body = b"\0\x04MQTT\x04\x0e" + keepalive_s.to_bytes(2, "big")
    for text in (name, topic, will):
        body += len(text).to_bytes(2, "big") + text
    return b"\x10" + bytes([len(body)]) + body


def publish_packet(topic: bytes, content: bytes, packet_id: int, *, again: bool = False) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + content
    length = bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) if len(body) > 127 else bytes([len(body)])
    return bytes([0x3A if again else 0x32]) + length + body


def test_half_open_connections_halves_of_packets_and_who_never_answers(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    ingest.start()
    port = int(own_broker[1].rsplit(":", 1)[1])
    topic = b"bw/1/default/half/pos"
    packet = publish_packet(topic, fix(1), 7)
    sockets = [open_socket(port, connect_packet(b"half", 1) + packet[:-20])]  # the rest never comes
    sockets.append(open_socket(port, b"GET / HTTP/1.1\r\n\r\n"))
    sockets.append(open_socket(port, connect_packet(b"twice") + 2 * publish_packet(topic, fix(2), 9, again=True)))
    stuck = paho.Client(CallbackAPIVersion.VERSION2, "stuck", protocol=paho.MQTTv5, manual_ack=True)
    stuck.connect("127.0.0.1", port)
    stuck.subscribe("bw/1/#", qos=1)
    stuck.loop_start()
    for seq in range(3, 203):
        sockets[2].sendall(publish_packet(topic, fix(seq), seq))
    wait_until(lambda: one_value("SELECT count(*) FROM position") == 201)  # 2 to 202, and 2 but once
    wait_until(lambda: one_value("SELECT count(*) FROM device_status") == 1)  # the will of `half`, which fell silent
    assert one_value("SELECT count(*) FROM dead_letter") == 0
    stuck.loop_stop()
    for one in sockets:
        one.close()
    wait_until(lambda: one_value("SELECT count(*) FROM device_status") == 2)
    assert one_value("SELECT min(seq) FROM position") == 2


def test_who_takes_over_a_name_takes_no_message_along(
    ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Ask
) -> None:
    """Two publishers share a name and push each other off; each sends again what was not acknowledged."""
    ingest.start()
    port = int(own_broker[1].rsplit(":", 1)[1])
    clients = []
    for half in range(2):
        client = paho.Client(CallbackAPIVersion.VERSION2, "shared", clean_session=False, protocol=paho.MQTTv311)
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", port)
        client.loop_start()
        clients.append(client)
        for seq in range(100):
            client.publish("bw/1/default/shared/pos", fix(half * 100 + seq), qos=1)
    time.sleep(3)
    clients[0].disconnect()
    wait_until(lambda: one_value("SELECT count(DISTINCT seq) FROM position WHERE seq >= 100") == 100)
    clients[1].disconnect()
    clients[0].reconnect()
    wait_until(lambda: one_value("SELECT count(*) FROM position") == 200)
    for client in clients:
        client.disconnect()
        client.loop_stop()
