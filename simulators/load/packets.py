"""The few MQTT 3.1.1 packets that a publishing device needs, as bytes (OASIS standard, sections 2 and 3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

CONNACK, PUBACK, PINGRESP = 0x20, 0x40, 0xD0
PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
_DUP: Final = 0x08


@lru_cache(4096)
def remaining_length(length: int) -> bytes:
    """Seven bits a byte, least first, the eighth saying that more follow."""
    encoded = bytearray()
    while True:
        length, digit = length >> 7, length & 0x7F
        encoded.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(encoded)


def text(word: str) -> bytes:
    """UTF-8 with its length before it."""
    encoded = word.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def connect(client_id: str, keepalive_s: int, username: str | None, password: str | None) -> bytes:
    """CONNECT with a clean session."""
    flags = 0x02 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = text("MQTT") + bytes([4, flags]) + keepalive_s.to_bytes(2, "big") + text(client_id)
    body += text(username) if username is not None else b""
    body += text(password) if password is not None else b""
    return b"\x10" + remaining_length(len(body)) + body


def publish(topic: bytes, payload: bytes, qos: int, packet_id: int, *, again: bool = False) -> bytes:
    """PUBLISH; `topic` as `text` encodes it, `packet_id` is only told with QoS 1."""
    body = topic + packet_id.to_bytes(2, "big") + payload if qos else topic + payload
    return bytes([0x30 | qos << 1 | (_DUP if again and qos else 0)]) + remaining_length(len(body)) + body


def split(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take the whole packets off the front of a buffer: their first byte, and their body."""
    packets: list[tuple[int, bytes]] = []
    at = 0
    while (body := _body(buffer, at)) is not None:
        start, end = body
        packets.append((buffer[at], bytes(buffer[start:end])))
        at = end
    del buffer[:at]
    return packets


def _body(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and ends, if it is there as a whole."""
    length, shift = 0, 0
    for place in range(at + 1, min(len(buffer), at + 5)):
        length |= (buffer[place] & 0x7F) << shift
        shift += 7
        if not buffer[place] & 0x80:
            end = place + 1 + length
            return (place + 1, end) if len(buffer) >= end else None
    return None
