"""Hands queued commands and configuration to the broker, in a thread beside the one that stores."""

from __future__ import annotations

import json
import threading
from typing import Final

import structlog

from domain.errors import BeatwatchError, UnavailableError
from ingest.sources.delivery import Sender
from store import downlink
from store.downlink import QueuedMessage
from store.failures import database_errors
from store.pool import Role
from store.session import Session, open_session
from wire.own_channels import own_topic

_log = structlog.get_logger()
_AT_ONCE: Final = 200
_LOOK_EVERY_S: Final = 2.0
_RETRY_S: Final = 2.0


def serve_downlink(database_url: str, sender: Sender, stop: threading.Event) -> None:
    """Send what is queued until `stop` is set. While the database or the broker is away, it waits."""
    while not stop.is_set():
        try:
            session = open_session(database_url, Role.worker, ["beatwatch_downlink"])
        except BeatwatchError:
            stop.wait(_RETRY_S)
            continue
        try:
            _serve(session, sender, stop)
        except UnavailableError as error:
            _log.warning("downlink waits for the database", reason=str(error))
            stop.wait(_RETRY_S)
        finally:
            session.close()


def _serve(session: Session, sender: Sender, stop: threading.Event) -> None:
    while not stop.is_set():
        if sender.can_send():
            send_queued(session, sender)
        session.wait(_LOOK_EVERY_S, is_stopping=stop.is_set)


def send_queued(session: Session, sender: Sender) -> int:
    """Hand everything queued to the broker; how many. A message counts as sent once that is committed.

    If we die in between it is sent twice, with the same `id`, by which devices know it again. Raises UnavailableError.
    """
    sent = 0
    with database_errors("send commands to devices"):
        while True:
            with session.transaction() as connection:
                downlink.expire_and_requeue(connection)
                messages = downlink.take_queued(connection, _AT_ONCE)
                for message in messages:
                    sender.send(
                        own_topic(message.organisation, message.device_key, message.channel),
                        _payload(message),
                        message.expires_s,
                    )
                downlink.mark_sent(connection, [message.downlink_id for message in messages])
            sent += len(messages)
            if len(messages) < _AT_ONCE:
                return sent


def _payload(message: QueuedMessage) -> bytes:
    return json.dumps({**message.payload, "id": str(message.downlink_id)}, separators=(",", ":")).encode()
