"""mosquitto's password and access files, kept in step with the device table."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from domain.errors import BeatwatchError
from ingest.broker_accounts import ServiceLogin, access_file, password_file
from ingest.configuration import usable_patterns
from store.device_admin import BrokerAccount, broker_accounts
from store.failures import database_errors
from store.pool import Connection, Role
from store.session import open_session
from store.topic_patterns import list_patterns
from wire.topics import TopicPattern

_log = structlog.get_logger()
_CHANNELS = ("beatwatch_devices", "beatwatch_patterns")
_LOOK_EVERY_S = 60.0
_RETRY_S = 0.5


@dataclass(slots=True)
class BrokerFiles:
    """Where the files are, the log-ins that are no device's, and how the broker is told to read the files again."""

    folder: Path
    services: Sequence[ServiceLogin]
    tell_broker: Callable[[], None]
    anonymous: bool = False
    _written: dict[str, str] = field(default_factory=dict)

    def update(self, connection: Connection) -> int:
        """Replace what has changed, each file at once, and tell the broker. The number of devices that may log in."""
        accounts = broker_accounts(connection)
        if self.write(accounts, usable_patterns(list_patterns(connection))):
            self.tell_broker()
        return len(accounts)

    def write(self, accounts: Sequence[BrokerAccount], patterns: Sequence[TopicPattern]) -> bool:
        """Write the files where they say something else than before; whether any did."""
        contents = {
            "passwords": password_file(accounts, self.services),
            "access": access_file(accounts, self.services, patterns, anonymous=self.anonymous),
        }
        changed = [name for name, content in contents.items() if self._written.get(name) != content]
        for name in changed:
            write_for_broker(self.folder / name, contents[name])
        self._written = contents
        return bool(changed)


def write_for_broker(file: Path, content: str) -> None:
    """So that the broker never reads half a file; it belongs to whom the folder belongs to."""
    file.parent.mkdir(parents=True, exist_ok=True)
    owner = file.parent.stat()
    fresh = file.with_name(f"{file.name}.new")
    fresh.touch(mode=0o640)
    fresh.write_text(content)
    if os.geteuid() == 0:
        os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(file)


def hang_up(pid_file: Path) -> None:
    """Tell the mosquitto of this process number to read its files again."""
    os.kill(int(pid_file.read_text()), signal.SIGHUP)


def keep_in_step(database_url: str, files: BrokerFiles, stop: threading.Event) -> None:
    """Update the files now, and after every change of devices or topics until `stop` is set. Raises BeatwatchError."""
    session = open_session(database_url, Role.worker, _CHANNELS)
    try:
        while not stop.is_set():
            with database_errors("read the devices' log-ins"), session.transaction() as connection:
                files.update(connection)
            session.wait(_LOOK_EVERY_S, is_stopping=stop.is_set)
    finally:
        session.close()


def keep_in_step_always(database_url: str, files: BrokerFiles, stop: threading.Event) -> None:
    """The same, whatever becomes of the database meanwhile; also before its schema is there. The body of a thread."""
    while not stop.is_set():
        try:
            keep_in_step(database_url, files, stop)
        except BeatwatchError as error:
            _log.debug("the broker's accounts wait for the database", reason=str(error))
            stop.wait(_RETRY_S)
