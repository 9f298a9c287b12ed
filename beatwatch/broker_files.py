"""mosquitto's password and access files, kept in step with the device table."""

from __future__ import annotations

import os
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

import structlog

from beatwatch.services.supervisor import stop_requested
from ingest.broker_accounts import access_file, hash_password, password_file
from ingest.configuration import usable_patterns
from store.device_admin import broker_accounts
from store.failures import database_errors
from store.pool import Connection, Role
from store.session import open_session
from store.topic_patterns import list_patterns

_log = structlog.get_logger()
_LOOK_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """Where the files are, the services' own log-in, and the broker that is to read them again."""

    folder: Path
    service_user: str
    service_password: str
    pid_file: Path | None

    def write(self, connection: Connection) -> int:
        """Replace both files, each at once, and tell the broker. The number of devices that may log in."""
        accounts = broker_accounts(connection)
        patterns = usable_patterns(list_patterns(connection))
        service = (self.service_user, hash_password(self.service_password, secrets.token_bytes(12)))
        self._replace("passwords", password_file(accounts, service))
        self._replace("access", access_file(accounts, self.service_user, patterns))
        if self.pid_file is not None:
            os.kill(int(self.pid_file.read_text()), signal.SIGHUP)
        return len(accounts)

    def _replace(self, name: str, content: str) -> None:
        """So that the broker never reads half a file; readable by the group that the folder belongs to."""
        self.folder.mkdir(parents=True, exist_ok=True)
        owner = self.folder.stat()
        fresh = self.folder / f"{name}.new"
        fresh.write_text(content)
        fresh.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(fresh, owner.st_uid, owner.st_gid)
        fresh.replace(self.folder / name)


def keep_in_step(database_url: str, files: BrokerFiles, *, watch: bool) -> None:
    """Write the files now, and with `watch` after every change of devices until SIGTERM. Raises UnavailableError."""
    session = open_session(database_url, Role.worker, ["beatwatch_devices", "beatwatch_patterns"])
    try:
        with stop_requested() as stop:
            while True:
                with database_errors("read the devices' log-ins"), session.transaction() as connection:
                    _log.info("wrote the broker's files", devices=files.write(connection))
                heard: set[str] = set()
                while watch and not stop.is_set() and not heard:
                    heard = session.wait(_LOOK_EVERY_S, is_stopping=stop.is_set)
                if not watch or stop.is_set():
                    return
    finally:
        session.close()
