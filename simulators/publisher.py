"""Plays a simulation to a broker: every vehicle is a client of its own, with its will and its retained status."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from math import isfinite
from typing import Final

import aiomqtt

from domain.errors import InvalidInputError, UnavailableError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from simulators.broker import Broker
from simulators.simulation import Simulation
from wire.codec import Encoder
from wire.own_channels import check_level, own_topic
from wire.registry import encoder

OFFLINE: Final = b'{"online":false}'
RETRY_S: Final = 1.0
GIVE_UP_AFTER_S: Final = 120.0
NEVER_LET_IN_S: Final = 10.0


@dataclass
class PublishReport:
    """Messages handed to the broker at least once, and those of them that it acknowledged."""

    devices: int = 0
    published: int = 0
    acknowledged: int = 0
    reconnections: int = 0


@dataclass
class _Playing:
    """What all devices of one performance share."""

    broker: Broker
    encoder: Encoder
    tenant: str
    credentials: Mapping[str, tuple[str, str]]
    start: datetime
    speed: float
    report: PublishReport
    on_ack: Callable[[Reading], None] | None
    stop: threading.Event
    began_s: float = 0.0
    was_let_in: bool = False  # any of us, ever

    async def until(self, moment: datetime) -> None:
        """Wait until a simulated moment has come, or somebody stops the performance."""
        while isfinite(self.speed) and not self.stop.is_set():
            left_s = (moment - self.start).total_seconds() / self.speed - (asyncio.get_running_loop().time() - self.began_s)
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, 0.5))


def play(
    simulation: Simulation,
    mqtt_url: str,
    speed: float = 1.0,
    *,
    tenant: str = "default",
    payload_format: str = "beatwatch-json",
    credentials: Mapping[str, tuple[str, str]] | None = None,
    on_ack: Callable[[Reading], None] | None = None,
    stop: threading.Event | None = None,
    ca_file: str | None = None,
) -> PublishReport:
    """Publish every reading with QoS 1 at its time of receipt, `speed` times as fast as it was (infinite: without waiting).

    `credentials` are user and password by device, else the URL's; `on_ack` hears of each acknowledged reading; setting
    `stop` ends the performance early; `ca_file` is as in `Broker`. A broker that goes away is waited for, and what it did not
    acknowledge is sent again. Raises InvalidInputError for a bad URL, speed, tenant, format or file of authorities,
    UnavailableError when the broker stays away for two minutes, has let nobody in for ten seconds, or cannot be trusted.
    """
    if not speed > 0:
        raise InvalidInputError("speed", f"{speed} is not above 0")
    check_level("tenant", tenant)
    broker, report = Broker.from_url(mqtt_url, ca_file), PublishReport()
    broker.tls()  # so that a bad file of authorities is said at once
    playing = _Playing(
        broker,
        encoder(payload_format),
        tenant,
        credentials or {},
        simulation.start,
        speed,
        report,
        on_ack,
        stop or threading.Event(),
    )
    asyncio.run(_play_all(playing, simulation))
    return report


async def _play_all(playing: _Playing, simulation: Simulation) -> None:
    by_device: dict[str, list[Position | SensorReading]] = {}
    for reading in _in_arrival_order(simulation):
        by_device.setdefault(reading.device, []).append(reading)
    playing.report.devices = len(by_device)
    playing.began_s = asyncio.get_running_loop().time()
    try:
        async with asyncio.TaskGroup() as group:
            for device, readings in by_device.items():
                group.create_task(_play_device(playing, device, readings))
    except* UnavailableError as group_error:
        raise UnavailableError(str(group_error.exceptions[0])) from None


def _in_arrival_order(simulation: Simulation) -> Iterator[Position | SensorReading]:
    def received(reading: Position | SensorReading) -> datetime:
        assert reading.received_at is not None
        return reading.received_at

    streams: list[Iterable[Position | SensorReading]] = [simulation.positions(), simulation.sensors]
    yield from merge(*streams, key=received)


async def _play_device(playing: _Playing, device: str, readings: list[Position | SensorReading]) -> None:
    """Connect, publish what is left, and connect again as often as the connection breaks."""
    await playing.until(_received(readings[0]))
    done = 0
    away_since: float | None = None
    while done < len(readings) and not playing.stop.is_set():
        try:
            async with _client(playing, device) as client:
                away_since, playing.was_let_in = None, True
                await _say_online(playing, client, device, readings[done])
                while done < len(readings) and not playing.stop.is_set():
                    await playing.until(_received(readings[done]))
                    if not playing.stop.is_set():
                        await _publish(playing, client, readings[done])
                        done += 1
                await client.publish(own_topic(playing.tenant, device, "status"), OFFLINE, qos=1, retain=True)
        except aiomqtt.MqttError as error:
            away_since = _still_patient(playing, away_since, error)
            await asyncio.sleep(RETRY_S)


def _still_patient(playing: _Playing, away_since: float | None, error: Exception) -> float:
    now_s = asyncio.get_running_loop().time()
    playing.report.reconnections += 1
    of_tls = error.__context__  # which the library hides
    if isinstance(of_tls, ssl.SSLError) and not playing.was_let_in:
        raise playing.broker.unavailable(of_tls) from error
    patience_s = GIVE_UP_AFTER_S if playing.was_let_in else NEVER_LET_IN_S
    if away_since is not None and now_s - away_since > patience_s:
        raise playing.broker.unavailable(error) from error
    return now_s if away_since is None else away_since


def _client(playing: _Playing, device: str) -> aiomqtt.Client:
    broker = playing.broker
    username, password = playing.credentials.get(device, (broker.username, broker.password))
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=username,
        password=password,
        identifier=f"sim-{playing.tenant}-{device}",
        will=aiomqtt.Will(own_topic(playing.tenant, device, "status"), OFFLINE, qos=1, retain=True),
        tls_context=broker.tls(),
        max_inflight_messages=1,
    )


async def _say_online(playing: _Playing, client: aiomqtt.Client, device: str, first: Position | SensorReading) -> None:
    status = DeviceStatus(device, reported_at=_received(first), online=True, firmware="simulator")
    message = playing.encoder.encode([status], playing.tenant)
    await client.publish(message.topic, message.payload, qos=1, retain=True)


async def _publish(playing: _Playing, client: aiomqtt.Client, reading: Position | SensorReading) -> None:
    message = playing.encoder.encode([reading], playing.tenant)
    playing.report.published += 1
    try:
        await client.publish(message.topic, message.payload, qos=1)
    except aiomqtt.MqttError:
        playing.report.published -= 1  # it will be handed over again
        raise
    playing.report.acknowledged += 1
    if playing.on_ack is not None:
        playing.on_ack(reading)


def _received(reading: Position | SensorReading) -> datetime:
    assert reading.received_at is not None
    return reading.received_at
