"""What the database says of topics and payloads, followed while the service runs: no restart when somebody edits it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from domain.errors import BeatwatchError, InvalidInputError
from ingest.profiles import DeviceProfiles
from store import payload_profiles, topic_patterns
from store.failures import database_errors
from store.pool import Connection, Role
from store.session import Session, open_session
from store.topic_patterns import StoredPattern
from wire.registry import format_named
from wire.topics import Router, TopicPattern

_log = structlog.get_logger()
_CHANNELS: Final = ("beatwatch_patterns", "beatwatch_devices")  # a device's model and identities decide on its profile
_LOOK_EVERY_S: Final = 60.0
_RETRY_S: Final = 1.0


class Subscriber(Protocol):
    """The way in of messages."""

    def follow(self, filters: list[str], dropped: list[str]) -> None:
        """Have messages of these filters sent to us, and none of those that were `dropped`."""


class Configuration:
    """Keeps `router` and `profiles` as the database has them, and `subscriber` subscribed to what they need."""

    def __init__(self, router: Router, profiles: DeviceProfiles, subscriber: Subscriber) -> None:
        self.loaded = threading.Event()
        self._router = router
        self._profiles = profiles
        self._subscriber = subscriber

    def follow(self, database_url: str, stop: threading.Event) -> None:
        """Load, and load again after every change, until `stop` is set. While the database is away, what was known holds."""
        while not stop.is_set():
            try:
                session = open_session(database_url, Role.worker, _CHANNELS)
            except BeatwatchError as error:
                _log.warning("the configuration waits for the database", reason=str(error))
                stop.wait(_RETRY_S)
                continue
            try:
                self._follow(session, stop)
            except BeatwatchError as error:
                _log.warning("the configuration cannot be read", reason=str(error))
                stop.wait(_RETRY_S)
            finally:
                session.close()

    def _follow(self, session: Session, stop: threading.Event) -> None:
        while not stop.is_set():
            with database_errors("read the configuration"), session.transaction() as connection:
                self.load(connection)
            session.wait(_LOOK_EVERY_S, is_stopping=stop.is_set)

    def load(self, connection: Connection) -> None:
        """Take over what the database says now."""
        self._profiles.replace(payload_profiles.list_profiled_devices(connection))
        patterns = usable_patterns(topic_patterns.list_patterns(connection))
        if tuple(patterns) != self._router.patterns or not self.loaded.is_set():
            self._router.replace(patterns)
            covered = [pattern.filter for pattern in patterns]  # whichever of them the router's filters cover
            self._subscriber.follow(self._router.filters(), [*_filters_of(topic_patterns.list_dropped(connection)), *covered])
            _log.info("topic patterns are loaded", patterns=len(patterns))
        self.loaded.set()


def usable_patterns(stored: Iterable[StoredPattern]) -> list[TopicPattern]:
    """The patterns that this program understands; one that it does not is logged and left out."""
    patterns = []
    for one in stored:
        try:
            format_named(one.format)
            patterns.append(TopicPattern(one.pattern, one.format, one.device, one.tenant))
        except InvalidInputError as error:
            _log.warning("a topic pattern cannot be used", name=one.name, reason=str(error))
    return patterns


def _filters_of(dropped: Iterable[str]) -> list[str]:
    return ["/".join("+" if "{" in level else level for level in pattern.split("/")) for pattern in dropped]
