"""Devices on a real broker: everything arrives as it was, paced, with status and will."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiomqtt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.observations import Position, Reading
from simulators.broker import Broker
from simulators.pace import generate_live, start_to_end_now
from simulators.publisher import OFFLINE, play
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from wire.registry import codec

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def small() -> Simulation:
    plan = msgspec.structs.replace(load().trips, stops=(2, 3))
    return generate(msgspec.structs.replace(load(), trips=plan, incidents=(), day_h=0.5), seed=3, vehicles=3)


@contextmanager
def listening(url: str, pattern: str) -> Iterator[list[aiomqtt.Message]]:
    """Messages on a pattern while the block runs, gathered by a client in a thread of its own: all of them when it is over."""
    heard: list[aiomqtt.Message] = []
    ready, stop = threading.Event(), threading.Event()
    last = f"test/{uuid4()}"  # a broker hands a subscriber what comes in the order in which it came

    async def listen() -> None:
        broker = Broker.from_url(url)
        async with aiomqtt.Client(broker.host, broker.port, username=broker.username, password=broker.password) as client:
            await client.subscribe([(pattern, 1), (last, 1)])
            reading = asyncio.create_task(gather_from(client))  # a wait that is cut short may lose what it was just given
            ready.set()
            await asyncio.to_thread(stop.wait)
            await client.publish(last, qos=1)
            await reading

    async def gather_from(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if str(message.topic) == last:
                return
            heard.append(message)

    thread = threading.Thread(target=asyncio.run, args=(listen(),))
    thread.start()
    assert ready.wait(60)
    try:
        yield heard
    finally:
        stop.set()
        thread.join()


@pytest.mark.server
def test_every_reading_arrives_once_as_it_was(mqtt_url: str, small: Simulation) -> None:
    acknowledged: list[Reading] = []
    with listening(mqtt_url, "bw/1/tenant-a/+/pos") as heard:
        report = play(small, mqtt_url, math.inf, tenant="tenant-a", on_ack=acknowledged.append)
    assert report.published == report.acknowledged == len(small.fixes) == len(acknowledged)
    assert report.devices == 3
    decoder = codec("beatwatch-json")
    decoded: list[Reading] = []
    for message in heard:
        assert isinstance(message.payload, bytes)
        decoded += decoder.decode(str(message.topic), message.payload, NOW, str(message.topic).split("/")[3])

    def same(fixes: list[Reading]) -> list[Position]:
        return sorted(fix._replace(received_at=None) for fix in fixes if isinstance(fix, Position))

    assert same(decoded) == same(list(small.positions()))


@pytest.mark.server
def test_status_is_retained_and_ends_offline(mqtt_url: str, small: Simulation) -> None:
    with listening(mqtt_url, "bw/1/tenant-b/+/status") as heard:
        play(small, mqtt_url, math.inf, tenant="tenant-b")
    assert [b'"online":true' in bytes(message.payload or b"") for message in heard].count(True) == 3
    with listening(mqtt_url, "bw/1/tenant-b/+/status") as kept:
        pass
    assert [message.payload for message in kept] == [OFFLINE] * 3


@pytest.mark.server
def test_pace_follows_the_speed_and_a_stop_ends_it(mqtt_url: str, small: Simulation) -> None:
    stop, first = threading.Event(), threading.Event()

    def end() -> None:
        first.wait()
        stop.wait(3.0)
        stop.set()

    timer = threading.Thread(target=end)
    timer.start()
    report = play(small, mqtt_url, 60.0, tenant="tenant-c", stop=stop, on_ack=lambda _: first.set())
    timer.join()
    until = small.start + timedelta(seconds=3 * 60)
    due = sum(fix.received_at is not None and fix.received_at <= until for fix in small.positions())
    assert 0.3 * due < report.acknowledged <= 1.5 * due < len(small.fixes)


def test_a_live_simulation_never_reports_the_future() -> None:
    speed = 60.0
    live = generate_live(load(), 4, speed, NOW)
    last = None
    for fix in live.positions():
        assert fix.received_at is not None
        assert fix.fix_time is not None
        played_at = NOW + (fix.received_at - live.start) / speed
        assert fix.fix_time <= played_at
        last = played_at - fix.received_at
    assert last is not None
    assert abs(last) < timedelta(seconds=5)  # and at its end it has caught up


@given(st.floats(1, 1e4), st.timedeltas(timedelta(minutes=1), timedelta(days=3)), st.floats(0, 1))
def test_start_to_end_now(speed: float, span: timedelta, share: float) -> None:
    start = start_to_end_now(NOW, span, speed)
    simulated = start + share * span
    played_at = NOW + share * span / speed
    assert simulated <= played_at + timedelta(milliseconds=1)


@pytest.mark.parametrize("url", ["http://localhost", "localhost:1883", "mqtt://"])
def test_a_bad_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        Broker.from_url(url)


def test_urls() -> None:
    assert Broker.from_url("mqtt://a%40b:c@host:77") == Broker("host", 77, "a@b", "c", secure=False)
    assert Broker.from_url("mqtts://host").port == 8883


def test_what_cannot_be_played_is_said_before_anything_is_made(small: Simulation) -> None:
    with pytest.raises(InvalidInputError, match="speed"):
        generate_live(load(), 4, float("nan"), NOW)
    for tenant in ("", "a/b", "a+", "#"):
        with pytest.raises(InvalidInputError, match="tenant"):
            play(small, "mqtt://127.0.0.1:1", tenant=tenant)
