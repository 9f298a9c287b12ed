"""Drives the connections: ramp, rate, storms; and reports what was acknowledged, and how quickly."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Final

import numpy as np

from domain.errors import InvalidInputError
from simulators.broker import Broker
from simulators.load.connection import KEEPALIVE_S, Connection
from simulators.load.payloads import Payloads, own_json
from simulators.streams import stream
from wire.own_channels import check_level

BEAT_S: Final = 0.004
DRAIN_S: Final = 30.0
_CONNECTING_AT_ONCE: Final = 50
_MEND_S: Final = 0.05
_CLOSE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """`rate` is in messages a second over all connections, infinite for as many as get acknowledged.

    `devices` beyond `connections` share them (pooled). Every `storm_every_s` seconds `storm_share` of the connections are cut
    at once and come back at once. `window` bounds the messages under way on a connection. Devices are named after `prefix`.
    """

    connections: int = 100
    rate: float = 1000.0
    seconds: float = 10.0
    messages: int | None = None
    qos: int = 1
    batch: int = 1
    devices: int | None = None
    ramp_s: float = 0.0
    window: int = 20
    storm_every_s: float | None = None
    storm_share: float = 0.1
    tenant: str = "default"
    prefix: str = "load"
    seed: int = 1

    def check(self) -> None:
        """Raise InvalidInputError for a plan that cannot be carried out."""
        for name, fits in (
            ("connections", self.connections >= 1),
            ("rate", self.rate > 0),
            ("seconds", self.seconds > 0),
            ("qos", self.qos in {0, 1}),
            ("batch", 1 <= self.batch <= 500),
            ("window", 1 <= self.window <= 60_000),
            ("devices", self.devices is None or self.devices >= 1),
            ("storm_share", 0 <= self.storm_share <= 1),
            ("storm_every_s", self.storm_every_s is None or self.storm_every_s > 0),
            ("ramp_s", 0 <= self.ramp_s < math.inf),
            ("messages", self.messages is None or self.messages >= 1),
        ):
            if not fits:
                raise InvalidInputError(name, f"{getattr(self, name)} is out of range")
        check_level("tenant", self.tenant)
        check_level("prefix", self.prefix)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was published and acknowledged, each message once however often it was sent, and how long that took.

    `began_at` is the Unix time of the first publish, and `processor_s` what this process has used since. With QoS 0 nothing is
    acknowledged, and messages a second are those published.
    """

    published: int
    acknowledged: int
    readings: int
    resent: int
    reconnections: int
    began_at: float
    seconds: float
    processor_s: float
    msgs_per_s: float
    ack_p50_ms: float | None
    ack_p95_ms: float | None
    ack_p99_ms: float | None

    def document(self) -> dict[str, Any]:
        """The report as a JSON document."""
        return asdict(self)


def run_load(mqtt_url: str, plan: LoadPlan, payloads: Payloads | None = None, ca_file: str | None = None) -> LoadReport:
    """Carry out a plan against a broker; blocks until every message is acknowledged, or none has been for half a minute.

    Connections that are lost are opened again, and what was under way on them is sent again.

    `payloads` defaults to positions in our own JSON, `ca_file` is as in `Broker`. Raises InvalidInputError, UnavailableError.
    """
    plan.check()
    payloads = payloads or own_json(plan.tenant, plan.prefix, plan.devices or plan.connections, plan.batch)
    broker = Broker.from_url(mqtt_url, ca_file)
    broker.tls()  # so that a bad file of authorities is said at once
    return asyncio.run(_Load(broker, plan, payloads).run())


class _Load:
    def __init__(self, broker: Broker, plan: LoadPlan, payloads: Payloads) -> None:
        self.plan, self.payloads = plan, payloads
        self.latencies_s: list[float] = []
        self.published = self.reconnections = 0
        self.began_at = 0.0
        count = plan.devices or plan.connections
        self.sent_by: list[int] = [0] * count
        self.devices_of = [cycle(range(number % count, count, plan.connections)) for number in range(plan.connections)]
        self.connections = [
            Connection(broker, f"{plan.prefix}-{os.getpid()}-c{number:05d}", plan.qos, plan.window, self.latencies_s.append)
            for number in range(plan.connections)
        ]
        self.rng = stream(plan.seed, "storms")
        self.gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def run(self) -> LoadReport:
        tasks = [asyncio.create_task(self._open_all(self.connections, self.plan.ramp_s))]
        try:
            if self.plan.ramp_s == 0:
                await tasks[0]
            self.began_at, began_s, began_processor_s = time.time(), time.perf_counter(), time.process_time()
            tasks += [asyncio.create_task(work()) for work in (self._storms, self._mend, self._keep_alive)]
            await self._send(began_s, tasks[0])
            await self._drain()
            took_s, processor_s = time.perf_counter() - began_s, time.process_time() - began_processor_s
        finally:
            for task in tasks:
                task.cancel()
            await self._close()
        return self._report(took_s, processor_s)

    async def _close(self) -> None:
        for connection in self.connections:
            connection.close()
        await asyncio.wait([asyncio.create_task(connection.closed()) for connection in self.connections], timeout=_CLOSE_S)

    async def _send(self, began_s: float, opening: asyncio.Task[None]) -> None:
        limit = math.inf if self.plan.messages is None else self.plan.messages
        turn = self._turns()
        while (elapsed_s := time.perf_counter() - began_s) < self.plan.seconds and self.published < limit:
            if opening.done():
                opening.result()  # a broker that lets nobody in is said at once
            due = min(limit, elapsed_s * self.plan.rate) - self.published
            while due > 0 and (free := next(turn)) is not None:
                self._send_one(free)
                due -= 1
            for connection in self.connections:
                connection.flush()
            await asyncio.sleep(0 if due > 0 and math.isinf(self.plan.rate) else BEAT_S)

    def _turns(self) -> Iterator[int | None]:
        """Numbers of connections in turn that may send; None after a round in which none may."""
        idle = 0
        while True:
            for number, connection in enumerate(self.connections):
                if connection.free > 0:
                    idle = 0
                    yield number
                else:
                    idle += 1
                    if idle >= len(self.connections):
                        idle = 0
                        yield None

    def _send_one(self, number: int) -> None:
        """The devices of a connection take turns on it."""
        device = next(self.devices_of[number])
        self.connections[number].send(*self.payloads(device, self.sent_by[device]))
        self.sent_by[device] += 1
        self.published += 1

    async def _open_all(self, connections: list[Connection], over_s: float) -> None:
        async def one(number: int, connection: Connection) -> None:
            await asyncio.sleep(over_s * number / len(connections))
            await self._open(connection)

        await asyncio.gather(*(one(number, connection) for number, connection in enumerate(connections)))

    async def _open(self, connection: Connection) -> None:
        async with self.gate:
            await connection.open()

    async def _storms(self) -> None:
        while self.plan.storm_every_s is not None:
            await asyncio.sleep(self.plan.storm_every_s)
            count = max(1, round(self.plan.storm_share * len(self.connections)))
            for index in self.rng.choice(len(self.connections), count, replace=False):
                self.connections[index].cut()

    async def _mend(self) -> None:
        """Open again what was lost, by a storm of ours or because the broker went away; as often as it takes."""
        while True:
            await asyncio.sleep(_MEND_S)
            lost = [connection for connection in self.connections if connection.was_ready and not connection.ready]
            opened = await asyncio.gather(*(self._open(connection) for connection in lost), return_exceptions=True)
            failed = sum(result is not None for result in opened)
            self.reconnections += len(lost) - failed
            if failed:
                await asyncio.sleep(1)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S / 2)
            for connection in self.connections:
                connection.ping()

    async def _drain(self) -> None:
        """Wait for what is under way, for as long as anything still comes back."""
        acknowledged, until_s = -1, 0.0
        while any(connection.waiting for connection in self.connections):
            if len(self.latencies_s) > acknowledged:
                acknowledged, until_s = len(self.latencies_s), time.perf_counter() + DRAIN_S
            elif time.perf_counter() > until_s:
                return
            await asyncio.sleep(0.02)

    def _report(self, took_s: float, processor_s: float) -> LoadReport:
        done = len(self.latencies_s)
        p50, p95, p99 = (
            [round(1000 * float(value), 3) for value in np.percentile(self.latencies_s, [50, 95, 99])] if done else [None] * 3
        )
        return LoadReport(
            published=self.published,
            acknowledged=done,
            readings=self.published * self.plan.batch,
            resent=sum(connection.resent for connection in self.connections),
            reconnections=self.reconnections,
            began_at=self.began_at,
            seconds=round(took_s, 3),
            processor_s=round(processor_s, 3),
            msgs_per_s=round((done if self.plan.qos else self.published) / took_s, 1),
            ack_p50_ms=p50,
            ack_p95_ms=p95,
            ack_p99_ms=p99,
        )
