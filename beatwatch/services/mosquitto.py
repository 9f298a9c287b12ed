"""The mosquitto broker of the system's packages, with the settings that a batching consumer needs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from beatwatch.services.account import Account, command_as, owned_folder, server_account, server_home
from beatwatch.services.ports import LOOPBACK, answers
from beatwatch.services.program import Program
from domain.errors import SettingsError

# The defaults (20 in flight, 1000 queued) stall a consumer that acknowledges after commit, and then drop QoS 1 messages.
_GENERAL = """\
per_listener_settings true
persistence true
persistence_location {folder}/
autosave_interval 5
max_inflight_messages 0
max_queued_messages 0
max_queued_bytes 1073741824
max_packet_size 1048576
queue_qos0_messages false
persistent_client_expiration 30d
set_tcp_nodelay true
log_type error
log_type warning
"""
_OPEN = "\nlistener {port} {host}\nallow_anonymous true\n"
# The services have a listener without an access file: mosquitto 2.0 finds no entry of that file for a session that it has
# read back from disk and that is not connected, and would queue nothing for ingest until it is.
_SERVICES = "\nlistener {port} {host}\nallow_anonymous false\npassword_file {folder}/services\n"
_DEVICES = "\nlistener {port} {host}\nallow_anonymous {anonymous}\npassword_file {folder}/passwords\nacl_file {folder}/access\n"
_TLS = "certfile {folder}/certificate.pem\nkeyfile {folder}/key.pem\ntls_version tlsv1.2\n"


@dataclass(frozen=True, slots=True)
class TlsListener:
    """A listener for devices in the network: encrypted, and for nobody without a log-in."""

    host: str
    port: int
    certificate: Path  # PEM, with the chain
    key: Path


@dataclass(frozen=True, slots=True)
class Listeners:
    """Where a guarded broker listens; `anonymous` lets devices of this machine in that have no log-in."""

    services_port: int
    devices_port: int
    anonymous: bool
    tls: TlsListener | None = None


def embedded_mosquitto(state: Path, port: int) -> tuple[Program, str]:
    """A broker open to everybody on this machine, as tests and benchmarks need it, and its URL.

    Raises SettingsError when mosquitto is not installed.
    """
    folder, account = broker_folder(state)
    configuration = _GENERAL.format(folder=folder) + _OPEN.format(port=port, host=LOOPBACK)
    return _program(state, folder, account, configuration, port), f"mqtt://{LOOPBACK}:{port}"


def guarded_mosquitto(state: Path, listeners: Listeners) -> Program:
    """A broker that knows its clients by the files `services`, `passwords` and `access` of its folder.

    Raises SettingsError when mosquitto is not installed or a certificate cannot be read.
    """
    folder, account = broker_folder(state)
    words = {"folder": folder, "host": LOOPBACK}
    anonymous = str(listeners.anonymous).lower()
    configuration = _GENERAL.format(folder=folder) + _SERVICES.format(port=listeners.services_port, **words)
    configuration += _DEVICES.format(port=listeners.devices_port, anonymous=anonymous, **words)
    if listeners.tls is not None:
        _place(listeners.tls.certificate, folder / "certificate.pem", account)
        _place(listeners.tls.key, folder / "key.pem", account)
        words["host"] = listeners.tls.host
        configuration += _DEVICES.format(port=listeners.tls.port, anonymous="false", **words) + _TLS.format(folder=folder)
    return _program(state, folder, account, configuration, listeners.services_port)


def broker_folder(state: Path) -> tuple[Path, Account | None]:
    """The folder of the embedded broker's files, and the account that they belong to."""
    account = server_account()
    return owned_folder(server_home(state, account) / "mosquitto", account), account


def _program(state: Path, folder: Path, account: Account | None, configuration: str, port: int) -> Program:
    binary = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise SettingsError("mosquitto is missing; install it (sudo apt-get install mosquitto), or set MQTT_URL")
    file = folder / "mosquitto.conf"
    file.write_text(configuration)
    file.chmod(0o644)
    return Program(
        name="mosquitto",
        command=command_as(account, [binary, "-c", str(file)]),
        log=state / "logs" / "mosquitto.log",
        ready=lambda: answers(port),
    )


def _place(source: Path, target: Path, account: Account | None) -> None:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {source} for the broker's TLS listener: {error.strerror}") from error
    target.touch(mode=0o600)
    target.write_bytes(content)
    if account is not None:
        os.chown(target, account.uid, account.gid)
