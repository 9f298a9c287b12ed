"""Reading packets: whatever the pieces they arrive in, and whatever nonsense arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.sources.quick_client import MalformedPacketError, Published, QuickClient, next_packet, read_publish


def length_field(length: int) -> bytes:
    field = b""
    while True:
        length, low = divmod(length, 128)
        field += bytes([low | (0x80 if length else 0)])
        if not length:
            return field


def encoded(message: Published, properties: bytes = b"\0") -> bytes:
    """By the standard's section 3.3, written a second time."""
    packet_id = message.packet_id.to_bytes(2, "big") if message.qos else b""
    body = len(message.topic).to_bytes(2, "big") + message.topic + packet_id + properties + message.payload
    return bytes([0x30 | message.qos << 1 | message.retained | message.redelivered << 3]) + length_field(len(body)) + body


messages = st.builds(
    lambda topic, payload, qos, packet_id, *flags: Published(topic, payload, packet_id if qos else 0, qos, *flags),
    st.binary(min_size=1, max_size=40),
    st.binary(max_size=300),
    st.integers(0, 2),
    st.integers(1, 65535),
    st.booleans(),
    st.booleans(),
)


def some_properties() -> bytes:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = [("name", "v" * 150)]
    properties.MessageExpiryInterval = 60
    return bytes(properties.pack())  # type: ignore[no-untyped-call]


@given(messages, st.sampled_from([b"\0", some_properties()]))
def test_a_publish_is_read_as_it_was_written(message: Published, properties: bytes) -> None:
    data = encoded(message, properties)
    body = next_packet(data, 0)
    assert body is not None
    assert body[1] == len(data)
    assert read_publish(data, data[0], *body) == message


class FedClient(QuickClient):
    """Reads from a list of pieces instead of a socket."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.seen: list[Published] = []
        super().__init__("fed", self.seen.append)
        self._pieces = iter(pieces)

    def _sock_recv(self, bufsize: int) -> bytes:
        return next(self._pieces)

    def read(self) -> int:
        return int(self._packet_read())


@given(st.lists(messages, max_size=8), st.data())
def test_the_pieces_in_which_packets_arrive_do_not_matter(sent: list[Published], data: st.DataObject) -> None:
    stream = b"".join(map(encoded, sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True) if end > start]
    client = FedClient(pieces)
    for _ in pieces:
        assert client.read() == 0
    assert client.seen == sent


def test_a_large_packet_is_looked_at_once_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at each of its pieces: the time would grow with the square of its size."""
    large = Published(b"t", bytes(3_000_000), 7, 1, False, False)
    stream = encoded(large) + encoded(large)[:100]
    looks: list[int] = []
    take = QuickClient._take

    def looking(self: QuickClient, data: bytes) -> MQTTErrorCode:
        looks.append(len(data))
        return take(self, data)

    monkeypatch.setattr(QuickClient, "_take", looking)
    pieces = [stream[at : at + 1000] for at in range(0, len(stream), 1000)]
    client = FedClient(pieces)
    for _ in pieces:
        assert client.read() == 0
    assert client.seen == [large]
    assert len(looks) == 2


@given(st.binary(min_size=1, max_size=60))
def test_nonsense_is_refused_or_waited_for_and_never_crashes(data: bytes) -> None:
    try:
        body = next_packet(data, 0)
        if body is not None:
            read_publish(data, 0x32, *body)
    except MalformedPacketError:
        pass


def test_a_length_field_without_end_is_malformed() -> None:
    assert next_packet(b"\x30\x80\x80", 0) is None
    with pytest.raises(MalformedPacketError):
        next_packet(b"\x30\x80\x80\x80\x80\x01", 0)
    assert FedClient([b"\x30\x80\x80\x80\x80\x01"]).read() > 0


def test_the_end_of_the_connection_is_noticed() -> None:
    assert FedClient([b""]).read() > 0
