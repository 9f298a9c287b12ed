"""Takes messages from the outbox to their channels, again and again with growing pauses, and keeps a record of each attempt."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import structlog

from alerts.channels.channel import DeliveryError
from alerts.channels.push import PushChannel
from alerts.letters import as_people_say
from alerts.options import AlertOptions
from alerts.routing import zone_named
from domain.errors import NotFoundError
from evidence.dossier import Dossier
from evidence.gathering import gather
from store.otp_gateways import serving
from store.outbox import Attachment, Claimed, claim, delivered, failed, void
from store.pool import Connection
from store.push_subscriptions import subscriptions_of, unsubscribe
from store.session import Session

AT_ONCE: Final = 16
CARRY_PICTURES: Final = frozenset({"email"})
MOST_ATTEMPTS: Final = 10
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 3600.0
STALE_AFTER: Final = timedelta(minutes=1)
PICTURE_WITHIN: Final = timedelta(seconds=3)
"""A mail that has been due for longer goes without its picture, which its links lead to: the news comes first."""
_log: Final = structlog.get_logger("alerts")


@dataclass(frozen=True, slots=True)
class _Enclosed:
    message: Claimed
    dossier: Dossier | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    message: Claimed
    detail: str
    error: DeliveryError | None


class Sender:
    """Sends what is due. `random` gives numbers from 0 to 1: the pauses are spread so that retries do not come in step."""

    def __init__(self, options: AlertOptions, now: Callable[[], datetime], random: Callable[[], float]) -> None:
        self._options = options
        self._channels = options.channels()
        self._now = now
        self._random = random
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="channel")
        self._pen = Lock()  # one picture after the other, so that the first can go while the next is drawn
        self._drawn: dict[int, Attachment] = {}

    def send_due(self, session: Session) -> int:
        """Send up to AT_ONCE messages that are due, side by side; returns how many were tried."""
        with session.transaction() as connection:
            claimed = [_addressed(connection, one) for one in claim(connection, self._now(), limit=AT_ONCE)]
        self._drawn.clear()
        enclosed = [self._with_dossier(session, message) for message in claimed]
        for attempt in self._threads.map(self._try, enclosed):
            with session.transaction() as connection:
                self._record(connection, attempt)
        self._forget_gone(session)
        return len(claimed)

    def _forget_gone(self, session: Session) -> None:
        push = self._channels.get("push")
        while isinstance(push, PushChannel) and not push.gone.empty():
            org_id, endpoint = push.gone.get()
            with session.transaction() as connection, suppress(NotFoundError):
                unsubscribe(connection, org_id, endpoint)

    def close(self) -> None:
        """Wait for what is on its way."""
        self._threads.shutdown()

    def _with_dossier(self, session: Session, message: Claimed) -> _Enclosed:
        """The message with what its alert rests on, where the channel can carry a picture of it."""
        if message.channel not in CARRY_PICTURES or message.alert_id is None or self._is_stale(message):
            return _Enclosed(message, None)
        with session.acting_for(message.org_id) as connection:
            return _Enclosed(message, gather(connection, message.alert_id, self._now()))

    def _try(self, enclosed: _Enclosed) -> _Attempt:
        message = enclosed.message
        if enclosed.dossier is not None and (picture := self._picture(message, enclosed.dossier)):
            message = replace(message, attachments=(picture,))
        return self._send(message)

    def _picture(self, message: Claimed, dossier: Dossier) -> Attachment | None:
        """Drawn once for all whom a round tells of the same alert."""
        alert_id = dossier.alert.alert_id
        with self._pen:
            if alert_id not in self._drawn:
                if self._now() - message.due_at > PICTURE_WITHIN:
                    return None
                self._drawn[alert_id] = _drawn(dossier)
            return self._drawn[alert_id]

    def _send(self, message: Claimed) -> _Attempt:
        if self._is_stale(message):
            return _Attempt(message, "its alert resolved while the message waited", None)
        channel = self._channels.get(message.channel)
        if channel is None:
            return _Attempt(message, "", DeliveryError(f"there is no channel {message.channel!r}", is_final=True))
        try:
            return _Attempt(message, channel.send(self._options.with_links(message, self._now())), None)
        except DeliveryError as error:
            return _Attempt(message, "", error)
        except Exception as error:  # noqa: BLE001  # a channel's mistake is this message's failure and nobody else's
            return _Attempt(message, "", DeliveryError(f"{type(error).__name__}: {error}"))

    def _record(self, connection: Connection, attempt: _Attempt) -> None:
        message, now = attempt.message, self._now()
        if attempt.error is None:
            (void if self._is_stale(message) else delivered)(connection, message, attempt.detail, now)
            return
        is_dead = attempt.error.is_final or message.attempt >= MOST_ATTEMPTS
        pause = timedelta(seconds=pause_s(message.attempt, self._random()))
        failed(connection, message, str(attempt.error), now, None if is_dead else now + pause)
        _log.warning(
            "undelivered", message_id=message.message_id, channel=message.channel, dead=is_dead, reason=str(attempt.error)
        )

    def _is_stale(self, message: Claimed) -> bool:
        return message.alert_is_resolved and self._now() - message.created_at > STALE_AFTER


def _addressed(connection: Connection, message: Claimed) -> Claimed:
    """In people's words; a push with the browsers that it goes to, a one-time password with the gateway that serves now."""
    message = replace(message, body=as_people_say(message.body, message.vehicle_id, zone_named(message.time_zone)))
    if message.channel == "push":
        return replace(message, browsers=tuple(subscriptions_of(connection, message.org_id, message.person)))
    if message.channel == "otp" and (gateway := serving(connection, message.org_id)) is not None:
        return replace(message, address=gateway.url, secret=gateway.secret)
    return message


def _drawn(dossier: Dossier) -> Attachment:
    from evidence.picture import draw  # the drawing library takes a second to load, which many deployments never need

    return Attachment(f"alert-{dossier.alert.alert_id}.png", "image/png", draw(dossier))


def pause_s(attempt: int, random: float) -> float:
    """Twice as long after each attempt, between half and one and a half times that."""
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (attempt - 1)) * (0.5 + random))
