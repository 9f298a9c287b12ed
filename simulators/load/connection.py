"""One connection of the load: sends, counts acknowledgements, and resends after it was cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from domain.errors import UnavailableError
from simulators.broker import Broker
from simulators.load.packets import CONNACK, DISCONNECT, PINGREQ, PUBACK, connect, publish, split

KEEPALIVE_S = 60
_WRITTEN_TOGETHER = 16


class Connection(asyncio.Protocol):
    """A client with at most `window` messages under way. `acknowledged` hears the latency of each in seconds."""

    def __init__(self, broker: Broker, client_id: str, qos: int, window: int, acknowledged: Callable[[float], None]) -> None:
        self.broker, self.client_id, self.qos, self.window = broker, client_id, qos, window
        self.resent = 0
        self.ready = False
        self.was_ready = False
        self._acknowledged = acknowledged
        self._under_way: dict[int, tuple[float, bytes, bytes]] = {}
        self._packet_id = 0
        self._buffer = bytearray()
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._accepted: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._is_full = False  # the broker takes less than it is given

    @property
    def free(self) -> int:
        """How many messages may be sent now."""
        return self.window - len(self._under_way) if self.ready and not self._is_full else 0

    @property
    def waiting(self) -> int:
        """Messages sent and not acknowledged yet."""
        return len(self._under_way)

    async def open(self) -> None:
        """Connect, and send again what was under way. Raises UnavailableError, and InvalidInputError as `Broker.tls`."""
        loop = asyncio.get_running_loop()
        self._accepted = loop.create_future()
        self._buffer.clear()
        self._unsent.clear()
        try:
            await loop.create_connection(lambda: self, self.broker.host, self.broker.port, ssl=self.broker.tls())
            await asyncio.wait_for(self._accepted, 30)
        except (OSError, TimeoutError) as error:
            raise self.broker.unavailable(error) from error
        self.ready = self.was_ready = True
        for packet_id, (_, topic, payload) in self._under_way.items():
            self._write(publish(topic, payload, self.qos, packet_id, again=True))
            self.resent += 1

    def cut(self) -> None:
        """Lose the connection as a device in a dead zone does: without a word."""
        self.ready = False
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Say goodbye."""
        self.ready = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(DISCONNECT)
            self._transport.close()

    async def closed(self) -> None:
        """Wait until the last byte has been handed over."""
        if self._ended is not None:
            await self._ended

    def send(self, topic: bytes, payload: bytes) -> None:
        """Publish by the next `flush`; with QoS 0 that is all, with QoS 1 it is under way until acknowledged."""
        if self.qos == 0:
            self._send_soon(publish(topic, payload, 0, 0))
            return
        self._packet_id = self._packet_id % 65_535 + 1
        while self._packet_id in self._under_way:
            self._packet_id = self._packet_id % 65_535 + 1
        self._under_way[self._packet_id] = time.perf_counter(), topic, payload
        self._send_soon(publish(topic, payload, 1, self._packet_id))

    def flush(self) -> None:
        """Write what was published since, all at once: a system call for each message would cost more than the message."""
        if self._unsent:
            self._write(b"".join(self._unsent))
            self._unsent.clear()

    def ping(self) -> None:
        """Keep the connection alive."""
        if self.ready:
            self._write(PINGREQ)

    def _send_soon(self, packet: bytes) -> None:
        self._unsent.append(packet)
        if len(self._unsent) >= _WRITTEN_TOGETHER:
            self.flush()

    def _write(self, packet: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(packet)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce ourselves."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._is_full = transport, False
        self._ended = asyncio.get_running_loop().create_future()
        transport.write(connect(self.client_id, KEEPALIVE_S, self.broker.username, self.broker.password))

    def data_received(self, data: bytes) -> None:
        """Note what the broker accepted."""
        self._buffer += data
        now_s = time.perf_counter()
        for kind, body in split(self._buffer):
            if kind == PUBACK:
                sent = self._under_way.pop(int.from_bytes(body[:2], "big"), None)
                if sent is not None:
                    self._acknowledged(now_s - sent[0])
            elif kind == CONNACK and self._accepted is not None and not self._accepted.done():
                if body[1] == 0:
                    self._accepted.set_result(None)
                else:
                    self._accepted.set_exception(UnavailableError(f"the broker refused {self.client_id}: code {body[1]}"))

    def pause_writing(self) -> None:
        """The broker does not keep up: nothing more until it does."""
        self._is_full = True

    def resume_writing(self) -> None:
        """It does again."""
        self._is_full = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that nothing can be sent."""
        self.ready = False
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        if self._accepted is not None and not self._accepted.done():
            self._accepted.set_exception(UnavailableError(f"the broker closed {self.client_id}: {exc or 'without a reason'}"))
