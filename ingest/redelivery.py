"""Readings without a time of their own: when the broker delivers their message again, it counts as received when it first was.

With QoS 1 the broker gives a delivery the same packet number until it is acknowledged, over our crashes and its own (MQTT 5,
4.4), and marks it as sent again. Number and content together therefore tell a redelivery from the same content said anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from ingest.decoding import Decoded
from ingest.sources.delivery import Delivery
from store.receipts import Receipt
from store.telemetry_writer import TelemetryWriter

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US: Final = timedelta(microseconds=1)
_TIME: Final = 1  # the place of its own time in every kind of reading


def as_first_received(deliveries: list[Delivery], client_id: str, writer: TelemetryWriter) -> list[Delivery]:
    """`deliveries` with the time of first receipt for those that come again and are known. Raises UnavailableError.

    What came before them has to be committed: only then is it known.
    """
    again = [number for number, delivery in enumerate(deliveries) if delivery.redelivered and delivery.receipt is not None]
    if not again:
        return deliveries
    stored = writer.first_receipts(client_id, [_key(deliveries[number]) for number in again])
    received_us = {again[index]: (moment - _EPOCH) // _ONE_US for index, moment in stored.items()}
    corrected, first = list(deliveries), dict[tuple[int, bytes], int]()
    for number, delivery in enumerate(deliveries):
        if delivery.receipt is not None:
            known = received_us.get(number) or (first.get(_key(delivery)) if delivery.redelivered else None)
            corrected[number] = delivery if known is None else delivery._replace(received_us=known)
            first[_key(delivery)] = corrected[number].received_us
    return corrected


def receipts(decoded: Decoded) -> list[Receipt]:
    """What has to be remembered of `decoded`: the deliveries of readings whose time is that of receipt, or told from it."""
    numbers = set(decoded.timed_by_receipt)
    for heard in (decoded.positions, decoded.sensor_readings):
        numbers.update(
            number for reading, number in zip(heard.readings, heard.delivery_nos, strict=True) if reading[_TIME] is None
        )
    for status, number in zip(decoded.statuses.readings, decoded.statuses.delivery_nos, strict=True):
        if status.reported_at is None or status.reported_at == status.received_at:
            numbers.add(number)
    deliveries: Sequence[Delivery] = [decoded.deliveries[number] for number in sorted(numbers)]
    return [
        Receipt(*_key(delivery), datetime.fromtimestamp(delivery.received_us / 1e6, UTC))
        for delivery in deliveries
        if delivery.receipt is not None
    ]


def _key(delivery: Delivery) -> tuple[int, bytes]:
    """The packet number, and the digest of what was said."""
    packet_id = 0 if delivery.receipt is None else delivery.receipt[1]
    content = delivery.topic.encode("utf-8", "surrogatepass") + b"\0" + delivery.payload
    return packet_id, hashlib.blake2b(content, digest_size=16).digest()
