"""paho's client with another way of reading: a buffer at a time instead of a byte, and messages handed over as plain tuples.

paho reads each packet with at least three system calls and makes an object with properties, locks and log lines of each
message: 40 us where this takes 4. Connecting, authentication, TLS, keep-alive and everything else that is rare stays with
paho. See docs/adr/0004-reading-from-the-broker.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.exception import MalformedPacket

_CHUNK: Final = 1 << 18
_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_LONGEST_LENGTH: Final = 4  # bytes of a packet's length field


class Published(NamedTuple):
    """A PUBLISH packet of MQTT 5; `packet_id` is 0 with QoS 0."""

    topic: bytes
    payload: bytes
    packet_id: int
    qos: int
    retained: bool
    redelivered: bool


class MalformedPacketError(Exception):
    """The broker sent what is no MQTT."""


def next_packet(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet that begins at `at` begins and ends; `None` if it has not all arrived.

    Raises MalformedPacketError for a length field of more than four bytes.
    """
    if at + 2 < len(data) and data[at + 1] >= 0x80 > data[at + 2]:  # most packets: two bytes of length
        end = at + 3 + (data[at + 1] & 0x7F | data[at + 2] << 7)
        return (at + 3, end) if end <= len(data) else None
    length = shift = 0
    for index in range(at + 1, min(at + 1 + _LONGEST_LENGTH, len(data))):
        byte = data[index]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            end = index + 1 + length
            return (index + 1, end) if end <= len(data) else None
        shift += 7
    if len(data) > at + _LONGEST_LENGTH:
        raise MalformedPacketError("a length field of more than four bytes")
    return None


def packet_size(data: bytes) -> int:
    """The bytes of the packet that `data` begins, its header with it; 0 if too little has arrived to know."""
    length = 0
    for index, byte in enumerate(data[1 : 1 + _LONGEST_LENGTH]):
        length |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return 2 + index + length
    return 0


def read_publish(data: bytes, first: int, start: int, end: int) -> Published:
    """The PUBLISH packet with first byte `first` and body `data[start:end]`. Raises MalformedPacketError."""
    qos = (first >> 1) & 3
    at = start + 2 + (data[start] << 8 | data[start + 1]) if end - start >= 2 else end + 1
    topic = data[start + 2 : at]
    packet_id = 0
    if qos:
        packet_id = data[at] << 8 | data[at + 1] if at + 2 <= end else 0
        at += 2
    if at >= end or qos == 3:
        raise MalformedPacketError("a PUBLISH that ends in its header")
    if data[at] < 0x80:
        at += 1 + data[at]
    else:  # properties of more than 127 bytes: skip them all the same
        properties = next_packet(data[:end], at - 1)
        if properties is None:
            raise MalformedPacketError("a PUBLISH that ends in its properties")
        at = properties[1]
    if at > end:
        raise MalformedPacketError("a PUBLISH that ends in its properties")
    return Published(topic, data[at:end], packet_id, qos, bool(first & 1), bool(first & 8))


class QuickClient(paho.Client):
    """A paho client for MQTT 5 whose messages go to `on_published`, and are acknowledged by `acknowledge` alone."""

    def __init__(self, client_id: str, on_published: Callable[[Published], None]) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, manual_ack=True)
        self._on_published = on_published
        self._keep(b"")

    def reconnect(self) -> MQTTErrorCode:
        """Connect again; half a packet of the last connection is forgotten."""
        self._keep(b"")
        return super().reconnect()

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send a PUBACK for each, all in one write."""
        packets = b"".join(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in packet_ids)
        self._packet_queue(_PUBACK, packets, 0, 0)

    def _packet_read(self) -> MQTTErrorCode:
        try:
            chunk = self._sock_recv(_CHUNK)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not chunk:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._arrived.append(chunk)
        self._arrived_bytes += len(chunk)
        if self._arrived_bytes < self._awaited_bytes:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            return self._take(b"".join(self._arrived))
        except MalformedPacketError:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _keep(self, rest: bytes) -> None:
        """Keep the beginning of a packet, in pieces: joined at each arrival, a large one would take for ever."""
        self._arrived = [rest]
        self._arrived_bytes, self._awaited_bytes = len(rest), packet_size(rest)

    def _take(self, data: bytes) -> MQTTErrorCode:
        at = 0
        while (body := next_packet(data, at)) is not None:
            first, at = data[at], body[1]
            if first & 0xF0 == _PUBLISH:
                self._on_published(read_publish(data, first, *body))
            else:
                outcome = self._take_other(first, data[body[0] : body[1]])
                if outcome != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return outcome
        self._keep(data[at:])
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _take_other(self, first: int, body: bytes) -> MQTTErrorCode:
        self._in_packet["command"] = first
        self._in_packet["packet"] = bytearray(body)
        self._in_packet["remaining_length"] = len(body)
        self._in_packet["pos"] = 0
        try:
            return self._packet_handle()
        except MalformedPacket as error:
            raise MalformedPacketError(str(error)) from error
        finally:
            self._in_packet["command"] = 0
