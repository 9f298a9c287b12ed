"""The load generator against a real broker, and its packets against paho's reading of the standard."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import InvalidInputError, UnavailableError
from domain.observations import Position
from simulators.broker import Broker
from simulators.load.generator import LoadPlan, run_load
from simulators.load.packets import publish, remaining_length, split, text
from simulators.load.payloads import Payloads, own_json
from tests.simulators.test_publisher import listening
from tests.waiting import wait_until
from wire.registry import codec


@pytest.mark.server
def test_every_message_is_acknowledged_and_arrives(mqtt_url: str) -> None:
    plan = LoadPlan(connections=8, rate=math.inf, seconds=20, messages=2_000, batch=3, devices=20, tenant="load-a")
    with listening(mqtt_url, "bw/1/load-a/+/pos") as heard:
        report = run_load(mqtt_url, plan)
    assert report.published == report.acknowledged == 2_000
    assert report.readings == 6_000
    assert report.ack_p50_ms is not None
    assert report.ack_p99_ms is not None
    assert 0 < report.ack_p50_ms <= report.ack_p99_ms
    decoder, seen = codec("beatwatch-json"), set()
    for message in heard:
        assert isinstance(message.payload, bytes)
        for fix in decoder.decode(str(message.topic), message.payload, datetime.now(UTC), str(message.topic).split("/")[3]):
            assert isinstance(fix, Position)
            seen.add((fix.device, fix.seq))
    assert len(seen) == 6_000
    assert len({device for device, _ in seen}) == 20


@pytest.mark.server
def test_a_rate_is_kept(mqtt_url: str) -> None:
    report = run_load(mqtt_url, LoadPlan(connections=5, rate=200, seconds=2, tenant="load-b"))
    assert 200 <= report.published <= 401
    assert report.acknowledged == report.published


@pytest.mark.server
def test_storms_lose_nothing(mqtt_url: str) -> None:
    plan = LoadPlan(connections=20, rate=2_000, seconds=3, storm_every_s=0.5, storm_share=0.5, tenant="load-c")
    with listening(mqtt_url, "bw/1/load-c/+/pos") as heard:
        report = run_load(mqtt_url, plan)
    assert report.reconnections >= 20
    assert report.acknowledged == report.published
    assert len({bytes(message.payload or b"") + str(message.topic).encode() for message in heard}) == report.published


@pytest.mark.server
def test_what_the_broker_cuts_comes_back_without_a_storm(mqtt_url: str) -> None:
    """Another client that takes a connection's name makes the broker drop it."""
    broker = Broker.from_url(mqtt_url)

    def take_the_name() -> None:
        thief = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"load-{os.getpid()}-c00001")
        thief.username_pw_set(broker.username, broker.password)
        thief.connect(broker.host, broker.port)
        thief.loop_start()
        time.sleep(0.3)
        thief.disconnect()
        thief.loop_stop()

    thread = threading.Timer(0.7, take_the_name)
    thread.start()
    report = run_load(mqtt_url, LoadPlan(connections=3, rate=600, seconds=3, tenant="load-d"))
    thread.join()
    assert report.reconnections >= 1
    assert report.acknowledged == report.published > 600


@pytest.mark.server
def test_without_acknowledgements_all_is_handed_over_and_none_is_counted(mqtt_url: str) -> None:
    plan = LoadPlan(connections=4, rate=math.inf, seconds=20, messages=3_000, qos=0, tenant="load-e")
    with listening(mqtt_url, "bw/1/load-e/+/pos") as heard:
        report = run_load(mqtt_url, plan)
        wait_until(lambda: len(heard) == 3_000)
    assert (report.published, report.acknowledged, report.ack_p50_ms) == (3_000, 0, None)
    assert report.msgs_per_s > 0
    assert len(heard) == 3_000


def test_no_broker_is_one_error() -> None:
    for ramp_s in (0.0, 5.0):
        began_s = time.monotonic()
        with pytest.raises(UnavailableError):
            run_load("mqtt://127.0.0.1:1", LoadPlan(connections=2, ramp_s=ramp_s, seconds=60))
        assert time.monotonic() - began_s < 30  # nobody waits for the load's end


IMPOSSIBLE = (
    *(LoadPlan(connections=0), LoadPlan(rate=0), LoadPlan(rate=math.nan), LoadPlan(qos=2), LoadPlan(batch=0)),
    *(LoadPlan(messages=0), LoadPlan(storm_every_s=0), LoadPlan(ramp_s=-1), LoadPlan(tenant="a/b"), LoadPlan(prefix="")),
)


@pytest.mark.parametrize("plan", IMPOSSIBLE)
def test_impossible_plans_are_refused(plan: LoadPlan) -> None:
    with pytest.raises(InvalidInputError):
        run_load("mqtt://127.0.0.1:1", plan)


@given(st.integers(0, 268_435_455))
def test_remaining_length_round_trips(length: int) -> None:
    encoded = remaining_length(length)
    assert 1 <= len(encoded) <= 4
    assert sum((byte & 0x7F) << (7 * index) for index, byte in enumerate(encoded)) == length
    assert all(byte & 0x80 for byte in encoded[:-1])
    assert not encoded[-1] & 0x80


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 30))
def test_packets_are_split_wherever_the_stream_was_cut(payloads: list[bytes], cut: int) -> None:
    stream = b"".join(publish(text("a/b"), payload, 1, number + 1) for number, payload in enumerate(payloads))
    buffer, found = bytearray(), []
    for at in range(0, len(stream), cut + 1):
        buffer += stream[at : at + cut + 1]
        found += split(buffer)
    assert [body[5 + 2 :] for _, body in found] == payloads
    assert not buffer


def said(payloads: Payloads, device: int, number: int) -> list[Position]:
    topic, payload = payloads(device, number)
    told = codec("beatwatch-json").decode(topic[2:].decode(), payload, datetime.now(UTC), "x")
    return [fix for fix in told if isinstance(fix, Position)]


def test_a_van_drives_on_between_two_loads_and_boots() -> None:
    first = own_json("default", "load", 4, 1)
    time.sleep(0.01)
    second = own_json("default", "load", 4, 1)
    (before,), (after,) = said(first, 3, 7), said(second, 3, 0)
    assert before.boot_id != after.boot_id
    assert 0 <= (after.odometer_m or 0) - (before.odometer_m or 0) < 1_000


def test_a_van_of_the_default_load_tells_its_way_in_order() -> None:
    payloads = own_json("default", "load", 4, 4)
    fixes = [fix for number in range(3) for fix in said(payloads, 3, number)]
    assert [fix.seq for fix in fixes] == list(range(1, 13))
    times = [fix.fix_time for fix in fixes if fix.fix_time is not None]
    assert len(times) == 12
    assert all(before < after for before, after in pairwise(times))
    assert all((fix.odometer_m or 0) <= (after.odometer_m or 0) for fix, after in pairwise(fixes))
