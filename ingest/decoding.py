"""Messages to readings. What cannot be read becomes a dead letter, so that it cannot block the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import structlog

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from ingest.sources.delivery import Delivery
from store.deadletters import DeadLetter
from store.devices import Identity
from store.downlink import DeviceAnswer
from wire.acknowledgement import decode_acknowledgement
from wire.codec import Codec, Message
from wire.topics import Route, Router

_log = structlog.get_logger()
_LONGEST_IDENTITY: Final = 200
_INT8_END: Final = 2**63
_MOST_CODECS: Final = 2_000  # anybody may name tenants in a topic
R = TypeVar("R", bound=Reading)


@dataclass(slots=True)
class Heard(Generic[R]):
    """Readings of one kind, and beside each who sent it and the number of its delivery in the batch."""

    readings: list[R] = field(default_factory=list)
    senders: list[Identity] = field(default_factory=list)
    delivery_nos: list[int] = field(default_factory=list)

    def add(self, reading: R, sender: Identity, delivery_no: int) -> None:
        """Append one reading."""
        self.readings.append(reading)
        self.senders.append(sender)
        self.delivery_nos.append(delivery_no)

    def extend(self, readings: Sequence[R], senders: Sequence[Identity], delivery_no: int) -> None:
        """Append the readings of one delivery."""
        self.readings.extend(readings)
        self.senders.extend(senders)
        self.delivery_nos.extend([delivery_no] * len(readings))

    def kept(self, wanted: Callable[[Identity, int], bool]) -> Heard[R]:
        """Those whose sender and delivery are `wanted`."""
        heard: Heard[R] = Heard()
        for reading, sender, delivery_no in zip(self.readings, self.senders, self.delivery_nos, strict=True):
            if wanted(sender, delivery_no):
                heard.add(reading, sender, delivery_no)
        return heard


@dataclass(slots=True)
class Decoded:
    """What a batch of deliveries says."""

    deliveries: Sequence[Delivery]
    positions: Heard[Position] = field(default_factory=Heard)
    sensor_readings: Heard[SensorReading] = field(default_factory=Heard)
    statuses: Heard[DeviceStatus] = field(default_factory=Heard)
    letters: dict[int, DeadLetter] = field(default_factory=dict)  # by number of the delivery
    answers: list[DeviceAnswer] = field(default_factory=list)
    timed_by_receipt: set[int] = field(default_factory=set)  # deliveries whose codec tells times from that of receipt
    silent: int = 0  # messages that are well-formed and hold no reading

    def __len__(self) -> int:
        return len(self.positions.readings) + len(self.sensor_readings.readings) + len(self.statuses.readings)

    def heard(self, kind: type[Reading]) -> Heard[Any]:
        """Where readings of that kind are kept."""
        if kind is Position:
            return self.positions
        return self.sensor_readings if kind is SensorReading else self.statuses

    def senders(self) -> set[Identity]:
        """Everybody who sent something."""
        return {*self.positions.senders, *self.sensor_readings.senders, *self.statuses.senders}

    def kept(self, wanted: Callable[[Identity, int], bool]) -> Decoded:
        """The same without the readings that are not `wanted`; letters stay."""
        heard = self.positions.kept(wanted), self.sensor_readings.kept(wanted), self.statuses.kept(wanted)
        timed = self.timed_by_receipt
        return Decoded(self.deliveries, *heard, letters=dict(self.letters), answers=self.answers, timed_by_receipt=timed)


class Decoder:
    """Routes each message by its topic to the codec of its format; one of each format and tenant for the whole stream.

    `redriving` says that the messages are dead letters tried again.
    """

    def __init__(self, router: Router, codec_of: Callable[[Route], Codec], *, redriving: bool = False) -> None:
        self._deliveries = 0 if redriving else 1
        self._router = router
        self._make_codec = codec_of
        self._codecs: dict[tuple[str, str | None], Codec] = {}
        self._identity = lru_cache(maxsize=1 << 16)(_identity)

    def decode(self, deliveries: Sequence[Delivery]) -> Decoded:
        """All readings of `deliveries`, and a dead letter for each that has none to give."""
        decoded = Decoded(deliveries)
        for number, delivery in enumerate(deliveries):
            try:
                self._decode_one(delivery, number, decoded)
            except DecodeError as error:
                decoded.letters[number] = self.letter(delivery, error.reason, error.detail)
            except Exception as error:  # noqa: BLE001  # a codec with a bug must not stop the others' messages
                _log.exception("codec failed", topic=delivery.topic)
                decoded.letters[number] = self.letter(delivery, "internal_error", repr(error))
        return decoded

    def _decode_one(self, delivery: Delivery, number: int, decoded: Decoded) -> None:
        route = self._router.route(delivery.topic)
        if route is None:
            raise DecodeError("no_route", "no topic pattern matches")
        codec = self._codecs.get((route.format, route.tenant)) or self._new_codec(route)
        received_at = _moment(delivery.received_us)
        readings = codec.decode(delivery.topic, delivery.payload, received_at, route.device)
        if codec.times_relative_to_receipt:
            decoded.timed_by_receipt.add(number)
        if not readings:
            self._hear_answer(route, delivery, received_at, decoded)
            decoded.silent += 1
        if len(readings) == 1:
            decoded.heard(type(readings[0])).add(readings[0], self._identity(route, readings[0].device), number)
            return
        senders = {name: self._identity(route, name) for name in {reading.device for reading in readings}}
        for kind in set(map(type, readings)):
            alike = [reading for reading in readings if type(reading) is kind]
            decoded.heard(kind).extend(alike, [senders[reading.device] for reading in alike], number)

    def _hear_answer(self, route: Route, delivery: Delivery, received_at: datetime, decoded: Decoded) -> None:
        if route.tenant is not None and delivery.topic.endswith("/ack"):
            answer = decode_acknowledgement(delivery.payload)
            message_id = answer.message_id or ""
            if message_id.isdecimal() and int(message_id) < _INT8_END:  # others are not to a message of ours
                reason = None if answer.reason is None else storable(answer.reason)
                number = int(message_id)
                decoded.answers.append(DeviceAnswer(route.tenant, route.device, number, answer.accepted, reason, received_at))

    def letter(self, delivery: Delivery, reason: str, detail: str) -> DeadLetter:
        """The dead letter of a delivery, with the format and tenant that its topic names."""
        route = self._router.route(delivery.topic)
        received_at = datetime.fromtimestamp(delivery.received_us / 1e6, UTC)
        format_name, tenant = (None, None) if route is None else (route.format, route.tenant)
        return DeadLetter(
            received_at,
            storable(delivery.topic),
            delivery.payload,
            format_name,
            reason,
            storable(detail),
            tenant,
            self._deliveries,
        )

    def take_warnings(self) -> Counter[tuple[str, str]]:
        """How often something was amiss in what was read since the last call, by format and reason."""
        taken: Counter[tuple[str, str]] = Counter()
        for (format_name, _), codec in self._codecs.items():
            taken.update({(format_name, reason): count for reason, count in codec.warnings.items()})
            codec.warnings.clear()
        return taken

    def replies(self) -> Iterable[Message]:
        """What protocols want sent back because of what was decoded since the last call."""
        for codec in self._codecs.values():
            yield from codec.take_replies()

    def _new_codec(self, route: Route) -> Codec:
        if len(self._codecs) >= _MOST_CODECS:
            self._codecs.clear()
        codec = self._codecs[route.format, route.tenant] = self._make_codec(route)
        return codec


def _identity(route: Route, device: str) -> Identity:
    """Who sent it. Raises DecodeError for a name that cannot be one."""
    if not device or len(device) > _LONGEST_IDENTITY or device != storable(device):
        raise DecodeError("bad_identity", f"{device[:_LONGEST_IDENTITY]!r} names no device")
    return Identity(route.tenant, identity_format(route.format), device)


@lru_cache(256)
def _moment(unix_us: int) -> datetime:
    """Of what was read at once, all messages have the same."""
    return datetime.fromtimestamp(unix_us / 1e6, UTC)


def identity_format(format_name: str) -> str:
    """The format that a device's identity is registered under: its forms on one topic share it."""
    return format_name.removesuffix("-any")


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot hold: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
