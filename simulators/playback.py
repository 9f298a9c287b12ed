"""Plays recorded tracks to a broker as the devices that made them would have sent them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from domain.errors import InvalidInputError, UnavailableError
from domain.observations import Position
from simulators.broker import Broker
from wire.codec import Encoder, Message
from wire.own_channels import check_level

WINDOW: Final = 1_000  # messages on their way to the broker and not acknowledged by it
GIVE_UP_AFTER_S: Final = 120.0  # without any acknowledgement
_CONNECT_TIMEOUT_S: Final = 10.0
_SESSION_S: Final = 3_600
_POLL_S: Final = 0.05


@dataclass(slots=True)
class Played:
    """How many messages were handed over, and how many of them the broker has acknowledged."""

    published: int = 0
    acknowledged: int = 0


def with_trackers(positions: Iterable[Position], wanted: int | None) -> Iterator[Position]:
    """`positions` as if `wanted` devices had sent them; `None` leaves them as they are.

    Of more devices the first `wanted` to appear are kept. Of fewer, each is played several times over: the second copy of
    device `van` is `van-2`, and so on, until there are `wanted`.
    """
    if wanted is None:
        yield from positions
        return
    rows = list(positions)
    devices = list(dict.fromkeys(row.device for row in rows))
    number_of = {device: number for number, device in enumerate(devices)}
    for row in rows:
        for copy in count():
            if number_of[row.device] + copy * len(devices) >= wanted:
                break
            yield row if copy == 0 else row._replace(device=f"{row.device}-{copy + 1}")


def paced(positions: Iterable[Position], speed: float | None) -> Iterator[Position]:
    """`positions` at the moments when they would have been sent, `speed` times as fast; `None`: at once, in their order."""
    if speed is None:
        yield from positions
        return
    rows = sorted(positions, key=_sent_at)
    began_s = time.monotonic()
    for row in rows:
        due_s = (_sent_at(row) - _sent_at(rows[0])).total_seconds() / speed
        wait_s = due_s - (time.monotonic() - began_s)
        if wait_s > 0:
            time.sleep(wait_s)
        yield row


def _sent_at(position: Position) -> datetime:
    moment = position.received_at or position.fix_time
    if moment is None:
        raise InvalidInputError("fix_time", f"a position of {position.device} has no time to play it at")
    return moment


class Player:
    """A connection to the broker at `url` that publishes with a bounded window and outlives the broker's absence.

    `ca_file` is as in `Broker`. Raises InvalidInputError for a bad URL or file of authorities, and UnavailableError on entering
    when the broker cannot be reached or trusted.
    """

    def __init__(self, url: str, qos: int = 1, window: int = WINDOW, *, ca_file: str | None = None) -> None:
        self.played = Played()
        self._qos = qos
        self._room = threading.Semaphore(window)
        self._window = window
        self._last_progress_s = time.monotonic()
        self._connected = threading.Event()
        self._broker = Broker.from_url(url, ca_file)
        self._client = _make_client(self._broker)
        self._client.max_inflight_messages_set(window)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Player:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
        properties.SessionExpiryInterval = _SESSION_S
        try:
            self._client.connect(self._broker.host, self._broker.port, clean_start=False, properties=properties)
        except OSError as error:
            raise self._broker.unavailable(error) from error
        self._client.loop_start()
        if not self._connected.wait(_CONNECT_TIMEOUT_S):
            raise UnavailableError(f"the broker at {self._broker.host}:{self._broker.port} does not let us in")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, message: Message) -> None:
        """Hand over one message, waiting while the window is full. Raises UnavailableError after a long standstill."""
        while not self._room.acquire(timeout=_POLL_S):
            self._refuse_standstill()
        self._client.publish(message.topic, message.payload, qos=self._qos)
        self.played.published += 1

    def wait(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Return when everything is acknowledged, or nothing has been for a long time."""
        while self.played.acknowledged < self.played.published:
            on_progress(self.played.acknowledged)
            time.sleep(_POLL_S)
            try:
                self._refuse_standstill()
            except UnavailableError:
                return

    def _refuse_standstill(self) -> None:
        if time.monotonic() - self._last_progress_s > GIVE_UP_AFTER_S:
            raise UnavailableError(f"the broker has acknowledged nothing for {GIVE_UP_AFTER_S:g} s")

    def _on_connect(self, _: paho.Client, __: Any, ___: Any, reason: ReasonCode, ____: Properties | None) -> None:
        self._last_progress_s = time.monotonic()
        if not reason.is_failure:
            self._connected.set()

    def _on_publish(self, _: paho.Client, __: Any, ___: int, reason: ReasonCode, ____: Properties | None) -> None:
        self._last_progress_s = time.monotonic()
        self._room.release()
        if not reason.is_failure:
            self.played.acknowledged += 1


def _make_client(broker: Broker) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password or "")
    context = broker.tls()
    if context is not None:
        client.tls_set_context(context)
    return client


def play(
    positions: Iterable[Position], encoder: Encoder, tenant: str, player: Player, on_sent: Callable[[int], None]
) -> Played:
    """Publish each position as a message of its own, on its device's own topic, and wait for every acknowledgement."""
    check_level("tenant", tenant)
    for position in positions:
        player.publish(encoder.encode([position], tenant))
        on_sent(player.played.acknowledged)
    player.wait(on_sent)
    return player.played
