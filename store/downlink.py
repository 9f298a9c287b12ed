"""Commands and configuration on their way to devices: queued, sent, then acknowledged or expired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from psycopg.types.json import Jsonb

from store.device_admin import DeviceRef
from store.pool import Connection
from store.statements import statements

_SQL = statements("downlink")
Channel = Literal["cmd", "cfg"]


class QueuedMessage(NamedTuple):
    """One to be handed to the broker, which is to forget it after `expires_s` seconds."""

    downlink_id: int
    organisation: str
    device_key: str
    channel: Channel
    payload: dict[str, Any]
    expires_s: int


class DeviceAnswer(NamedTuple):
    """What a device answered to a message: whether it did as told, and the reason if not."""

    slug: str
    device_key: str
    downlink_id: int
    accepted: bool
    reason: str | None
    answered_at: datetime


def queue_message(
    connection: Connection, device: DeviceRef, channel: Channel, payload: Mapping[str, Any], expires_at: datetime
) -> int:
    """Queue `payload`, a JSON object, for a device; its number, which the device sees as `id` and answers with."""
    values = {**device._asdict(), "channel": channel, "payload": Jsonb(dict(payload)), "expires_at": expires_at}
    row = connection.execute(_SQL["queue_message"], values).fetchone()
    assert row is not None
    return int(row["downlink_id"])


def expire_and_requeue(connection: Connection) -> None:
    """Give up what is out of date, and queue again what a device that came back has not answered."""
    connection.execute(_SQL["expire_messages"])
    connection.execute(_SQL["queue_again"])


def take_queued(connection: Connection, limit: int) -> list[QueuedMessage]:
    """The oldest queued messages, locked until the transaction ends."""
    return [QueuedMessage(*row.values()) for row in connection.execute(_SQL["take_queued"], {"limit": limit})]


def mark_sent(connection: Connection, ids: Sequence[int]) -> None:
    """Note that the broker has these."""
    connection.execute(_SQL["mark_sent"], {"ids": list(ids)})


def record_answers(connection: Connection, answers: Sequence[DeviceAnswer]) -> None:
    """Note what devices answered. An answer to a message of another device, or to none, changes nothing."""
    columns = zip(DeviceAnswer._fields, zip(*answers, strict=True), strict=True)
    connection.execute(_SQL["record_answers"], {name: list(column) for name, column in columns})


def list_messages(connection: Connection, device: DeviceRef, limit: int) -> list[dict[str, Any]]:
    """A device's messages, newest first."""
    return connection.execute(_SQL["list_messages"], {"device_id": device.device_id, "limit": limit}).fetchall()
