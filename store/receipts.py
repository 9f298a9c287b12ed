"""Which deliveries of the broker brought readings without a time of their own, and when each was first received."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.pool import Connection
from store.statements import statements

_SQL = statements("receipts")


class Receipt(NamedTuple):
    """A delivery with QoS 1: the broker's number for it, the digest of what it says, and when it came first."""

    packet_id: int
    digest: bytes
    received_at: datetime


def remember_receipts(connection: Connection, client_id: str, receipts: Sequence[Receipt]) -> None:
    """Keep `receipts` of the session `client_id`, in the transaction that stores their readings."""
    packet_ids, digests, received_at = (list(column) for column in zip(*receipts, strict=True))
    values = {"client_id": client_id, "packet_ids": packet_ids, "digests": digests, "received_at": received_at}
    connection.execute(_SQL["remember_receipts"], values)


def find_receipts(connection: Connection, client_id: str, wanted: Sequence[tuple[int, bytes]]) -> dict[int, datetime]:
    """When those of `wanted`, packet number and digest, that are kept were first received; by position in `wanted`."""
    values = {"client_id": client_id, "packet_ids": [one[0] for one in wanted], "digests": [one[1] for one in wanted]}
    return {row["no"] - 1: row["received_at"] for row in connection.execute(_SQL["find_receipts"], values)}
