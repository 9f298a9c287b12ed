"""Drives the connections: ramp, rate, storms; and reports what was acknowledged, and how quickly."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Final

import numpy as np

from domain.errors import InvalidInputError, UnavailableError
from simulators.load.connection import KEEPALIVE_S, Connection
from simulators.load.payloads import Payloads, own_json
from simulators.publisher import Broker
from simulators.streams import stream

BEAT_S: Final = 0.004
DRAIN_S: Final = 30.0
_CONNECTING_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """`rate` is in messages a second over all connections, infinite for as many as get acknowledged.

    `devices` beyond `connections` share them (pooled). Every `storm_every_s` seconds `storm_share` of the connections are cut
    at once and come back at once. `window` bounds the messages under way on a connection.
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
        ):
            if not fits:
                raise InvalidInputError(name, f"{getattr(self, name)} is out of range")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was published and acknowledged, each message once however often it was sent, and how long that took.

    `began_at` is the Unix time of the first publish, and `processor_s` what this process has used since.
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


def run_load(mqtt_url: str, plan: LoadPlan, payloads: Payloads | None = None) -> LoadReport:
    """Carry out a plan against a broker; blocks until every message is acknowledged or half a minute has passed in vain.

    `payloads` defaults to positions in our own JSON. Raises InvalidInputError and UnavailableError.
    """
    plan.check()
    payloads = payloads or own_json(plan.tenant, plan.prefix, plan.devices or plan.connections, plan.batch)
    return asyncio.run(_Load(Broker.from_url(mqtt_url), plan, payloads).run())


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
            Connection(broker, f"{plan.prefix}-c{number:05d}", plan.qos, plan.window, self.latencies_s.append)
            for number in range(plan.connections)
        ]
        self.rng = stream(plan.seed, "storms")

    async def run(self) -> LoadReport:
        opening = asyncio.create_task(self._open_all(self.connections, self.plan.ramp_s))
        if self.plan.ramp_s == 0:
            await opening
        self.began_at, began_s, began_processor_s = time.time(), time.perf_counter(), time.process_time()
        others = [asyncio.create_task(self._storms()), asyncio.create_task(self._keep_alive())]
        try:
            await self._send(began_s)
            await opening
            await self._drain()
        finally:
            took_s, processor_s = time.perf_counter() - began_s, time.process_time() - began_processor_s
            for task in others:
                task.cancel()
            for connection in self.connections:
                connection.close()
        return self._report(took_s, processor_s)

    async def _send(self, began_s: float) -> None:
        limit = math.inf if self.plan.messages is None else self.plan.messages
        turn = self._turns()
        while (elapsed_s := time.perf_counter() - began_s) < self.plan.seconds and self.published < limit:
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

    async def _open_all(self, connections: list[Connection], over_s: float = 0.0) -> None:
        gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)

        async def one(number: int, connection: Connection) -> None:
            await asyncio.sleep(over_s * number / len(connections))
            async with gate:
                await connection.open()

        await asyncio.gather(*(one(number, connection) for number, connection in enumerate(connections)))

    async def _storms(self) -> None:
        while self.plan.storm_every_s is not None:
            await asyncio.sleep(self.plan.storm_every_s)
            count = max(1, round(self.plan.storm_share * len(self.connections)))
            struck = [self.connections[index] for index in self.rng.choice(len(self.connections), count, replace=False)]
            for connection in struck:
                connection.cut()
            await asyncio.sleep(0.05)
            await self._reopen(struck)

    async def _reopen(self, connections: list[Connection]) -> None:
        for _ in range(30):
            lost = [connection for connection in connections if not connection.ready]
            self.reconnections += len(lost)
            try:
                await self._open_all(lost)
            except UnavailableError:
                await asyncio.sleep(1)
            else:
                return

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S / 2)
            for connection in self.connections:
                connection.ping()

    async def _drain(self) -> None:
        """Wait for what is under way, reopening what was lost meanwhile."""
        until_s = time.perf_counter() + DRAIN_S
        while any(connection.waiting for connection in self.connections) and time.perf_counter() < until_s:
            lost = [connection for connection in self.connections if connection.waiting and not connection.ready]
            if lost and self.plan.storm_every_s is None:
                await self._reopen(lost)
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
            msgs_per_s=round(done / took_s, 1),
            ack_p50_ms=p50,
            ack_p95_ms=p95,
            ack_p99_ms=p99,
        )
