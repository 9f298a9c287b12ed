"""MQTT with QoS 1, acknowledged by us and not by the library: the broker keeps what we have not committed.

paho's own network thread is not used. Our thread reads, acknowledges and reconnects, so that an acknowledgement can never
meet another connection than the one its message came by, and reading stops when too much waits.
"""

from __future__ import annotations

import contextlib
import os
import select
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest import metrics
from ingest.sources.broker_client import broker_client
from ingest.sources.delivery import Delivery
from ingest.sources.quick_client import Published

_log = structlog.get_logger()
_TICK_S: Final = 0.5
_BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LASTING_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class MqttLimits:
    """How much may be in our hands. The broker holds back what exceeds `receive_maximum`; `max_bytes` stops us reading."""

    receive_maximum: int = 20_000  # unacknowledged messages
    max_bytes: int = 128 * 1024 * 1024  # of payloads not yet taken up


class MqttSource:
    """A durable session with the broker at `url` (mqtt:// or mqtts://); fixed by `client_id`, it survives our restarts.

    `ca_file` is the certificate authority of an mqtts broker, the system's by default.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        filters: Iterable[str] = (),
        limits: MqttLimits | None = None,
        *,
        ca_file: str | None = None,
    ) -> None:
        self._limits = limits or MqttLimits()
        self._filters = list(filters)
        self._dropped: list[str] = []
        self._filters_changed = threading.Event()
        self._waiting: deque[Delivery] = deque()
        self._received_bytes = 0  # counted by our thread
        self._read_us = 0  # when we last read
        self._taken_bytes = 0  # counted by who takes
        self._arrived = threading.Event()
        self._connection_no = 0
        self.connected = threading.Event()
        self.subscribed = threading.Event()  # the broker has answered to a subscription
        self._receipts: deque[Sequence[tuple[int, int]]] = deque()
        self._outgoing: deque[tuple[str, bytes, int | None]] = deque()
        self._stopping = threading.Event()
        self._closing = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._client = broker_client(url, client_id, self._on_published, self._limits.receive_maximum, ca_file)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Connect and begin to read, in a thread of its own, until `close`."""
        self._thread.start()

    def take(self, limit: int, wait_s: float) -> list[Delivery]:
        """Up to `limit` messages in order of arrival; waits at most `wait_s` seconds for the first."""
        if not self._waiting and wait_s > 0:
            self._arrived.clear()
            if not self._waiting:
                self._arrived.wait(wait_s)
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        was_full = self._full()
        self._taken_bytes += sum(len(delivery.payload) for delivery in taken)
        if was_full:
            self._wake()
        return taken

    def __len__(self) -> int:
        """Messages that wait to be taken."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of payload that wait to be taken."""
        return self._received_bytes - self._taken_bytes

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Let the broker forget these. Those of an earlier connection it delivers again and they are acknowledged then."""
        receipts = [delivery.receipt for delivery in deliveries if delivery.receipt is not None]
        if receipts:
            self._receipts.append(receipts)
            self._wake()

    def follow(self, filters: list[str], dropped: list[str]) -> None:
        """Have messages of these filters sent to us, and none of those that were `dropped`, from now on or when connected."""
        self._filters, self._dropped = filters, [one for one in dropped if one not in filters]
        self._filters_changed.set()
        self._wake()

    def can_send(self) -> bool:
        """Whether the broker is there."""
        return self.connected.is_set()

    def send(self, topic: str, payload: bytes, expires_s: int | None = None) -> None:
        """Publish with QoS 1 as soon as we are connected; paho sends again what a lost connection left open."""
        self._outgoing.append((topic, payload, expires_s))
        self._wake()

    def stop_reading(self) -> None:
        """Take no more from the broker; what waits can still be taken and acknowledged."""
        self._stopping.set()
        self._wake()

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is to be acknowledged, say good-bye and end the thread."""
        self.stop_reading()
        self._closing.set()
        self._wake()
        self._thread.join(timeout_s)
        os.close(self._wake_write)

    def _on_connect(
        self, _: paho.Client, __: Any, flags: paho.ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("the broker refuses us", reason=str(reason))
            return
        self._connection_no += 1
        metrics.RECONNECTS.inc()
        self._filters_changed.set()
        self.connected.set()
        _log.info("connected to the broker", session_kept=flags.session_present, filters=len(self._filters))

    def _subscribe(self) -> None:
        self._filters_changed.clear()
        if self._filters:
            # Retained messages are sent for new subscriptions only, and only once for each session.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            self._client.subscribe([(topic_filter, options) for topic_filter in self._filters])
        if self._dropped:  # only now, for a wider filter may have taken their place
            self._client.unsubscribe(self._dropped)

    def _on_subscribe(self, _: paho.Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None) -> None:
        for reason in reasons:
            if reason.is_failure:
                _log.error("the broker refuses a subscription", reason=str(reason))
        self.subscribed.set()

    def _on_disconnect(self, _: paho.Client, __: Any, ___: Any, reason: ReasonCode, ____: Properties | None) -> None:
        self.connected.clear()
        if not self._stopping.is_set():
            _log.warning("connection to the broker lost", reason=str(reason))

    def _on_published(self, message: Published) -> None:
        receipt = (self._connection_no, message.packet_id) if message.qos else None
        self._received_bytes += len(message.payload)
        # Bytes that are no UTF-8 are kept as what no pattern matches.
        topic = message.topic.decode("utf-8", "backslashreplace")
        content = topic, message.payload, self._read_us, message.retained, receipt, message.redelivered
        self._waiting.append(Delivery._make(content))

    def _full(self) -> bool:
        return self.waiting_bytes > self._limits.max_bytes

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"w")

    def _run(self) -> None:
        attempts, began_s = 0, 0.0  # since a connection last lasted: one may be refused, or taken over by a namesake
        while not self._closing.is_set():
            if self._client.socket() is not None:
                self._turn()
                if self.connected.is_set() and time.monotonic() - began_s > _LASTING_S:
                    attempts = 0
            elif not attempts or not self._closing.wait(_BACKOFF_S[min(attempts, len(_BACKOFF_S)) - 1]):
                attempts, began_s = attempts + 1, time.monotonic()
                self._connect()
        self._drain_receipts()
        self._client.disconnect()
        self._client.loop_write()
        os.close(self._wake_read)

    def _connect(self) -> None:
        try:
            self._client.reconnect()
        except ssl.SSLCertVerificationError as error:
            _log.error("the broker is not trusted, MQTT_CA_FILE names its authority; trying again", reason=error.verify_message)
        except OSError as error:
            _log.warning("cannot reach the broker, trying again", reason=str(error))

    def _turn(self) -> None:
        """Wait until something can be done and do it."""
        socket = self._client.socket()
        reading = not self._stopping.is_set() and not self._full()
        if socket is None:
            return
        readers: list[Any] = [self._wake_read, *([socket] if reading else [])]
        writers = [socket] if self._client.want_write() else []
        readable, writable, _ = select.select(readers, writers, [], _TICK_S)
        if self._wake_read in readable:
            os.read(self._wake_read, 65536)
            self._drain_receipts()
        if self._filters_changed.is_set() and self.connected.is_set():
            self._subscribe()
        if socket in readable:
            self._read_us = time.time_ns() // 1000
            self._client.loop_read()
            while isinstance(socket, ssl.SSLSocket) and socket.fileno() >= 0 and socket.pending():
                self._client.loop_read()  # what TLS has decrypted already does not wake `select`
            if self._waiting:
                self._arrived.set()
        if socket in writable or self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _drain_receipts(self) -> None:
        """Acknowledge what has been committed and send what waits."""
        while self._receipts:
            receipts = self._receipts.popleft()
            packet_ids = [packet_id for connection_no, packet_id in receipts if connection_no == self._connection_no]
            if packet_ids and self.connected.is_set():
                self._client.acknowledge(packet_ids)
        while self._outgoing and self.connected.is_set():
            topic, payload, expires_s = self._outgoing.popleft()
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # of paho
            if expires_s is not None:
                properties.MessageExpiryInterval = max(1, expires_s)
            self._client.publish(topic, payload, qos=1, properties=properties)
