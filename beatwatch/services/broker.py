"""The embedded broker with its accounts: services, a gateway for tools, and every device under its own name."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

from beatwatch.broker_files import BrokerFiles, keep_in_step_always, write_for_broker
from beatwatch.services.mosquitto import Listeners, TlsListener, broker_folder, guarded_mosquitto
from beatwatch.services.ports import LOOPBACK, free_port, wanted_port
from beatwatch.services.program import Program
from beatwatch.settings import Settings
from domain.errors import SettingsError
from ingest.broker_accounts import GATEWAY_TOPICS, ServiceLogin, hash_password, password_file
from wire.topics import DEFAULT_PATTERNS

SERVICE = "beatwatch"
GATEWAY = "gateway"


@dataclass(slots=True)
class EmbeddedBroker:
    """The broker, not yet started. `service_url` is for the services, `gateway_url` for who speaks in many devices' names."""

    program: Program
    files: BrokerFiles
    service_url: str
    gateway_url: str
    tls_address: str | None
    _stop: threading.Event
    _keeper: threading.Thread | None = None

    def keep_accounts(self, database_url: str) -> None:
        """Let those log in whom the device table names, from now until `release`."""
        arguments = database_url, self.files, self._stop
        self._keeper = threading.Thread(target=keep_in_step_always, args=arguments, name="broker accounts", daemon=True)
        self._keeper.start()

    def release(self) -> None:
        """Follow the device table no longer."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join()


def embedded_broker(settings: Settings) -> EmbeddedBroker:
    """The broker below the state folder. Raises SettingsError and UnavailableError saying what is missing or taken."""
    state, tls = settings.beatwatch_state, _tls(settings)
    folder, _ = broker_folder(state)
    port = wanted_port(settings.mqtt_port, "MQTT_PORT")
    services_port = _kept_port(state / "mosquitto.port", port)
    program = guarded_mosquitto(state, Listeners(services_port, port, settings.mqtt_anonymous, tls))
    service, gateway = _password(state / "mosquitto.password"), _password(state / "gateway.password")
    write_for_broker(folder / "services", password_file((), [_login(SERVICE, service)]))
    files = BrokerFiles(folder, [_login(GATEWAY, gateway)], lambda: _hang_up(program), settings.mqtt_anonymous)
    files.write((), DEFAULT_PATTERNS)
    return EmbeddedBroker(
        program,
        files,
        f"mqtt://{SERVICE}:{service}@{LOOPBACK}:{services_port}",
        f"mqtt://{GATEWAY}:{gateway}@{LOOPBACK}:{port}",
        None if tls is None else f"{tls.host}:{tls.port}",
        threading.Event(),
    )


def _tls(settings: Settings) -> TlsListener | None:
    if not settings.mqtt_tls_port:
        return None
    if not (settings.mqtt_tls_certificate and settings.mqtt_tls_key):
        raise SettingsError("MQTT_TLS_PORT needs MQTT_TLS_CERTIFICATE and MQTT_TLS_KEY, files in PEM")
    certificate, key = Path(settings.mqtt_tls_certificate), Path(settings.mqtt_tls_key)
    return TlsListener(settings.mqtt_tls_host, settings.mqtt_tls_port, certificate, key)


def _kept_port(file: Path, taken: int) -> int:
    """The same port as last time if it is free: by it the broker knows whose session it has read back from disk."""
    try:
        port = int(file.read_text())
    except (OSError, ValueError):
        port = 0
    if port == taken or not _is_free(port):
        port = next(one for one in iter(free_port, 0) if one != taken)
    file.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return port != 0


def _password(file: Path) -> str:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
    return file.read_text()


def _login(username: str, password: str) -> ServiceLogin:
    return ServiceLogin(username, hash_password(password, secrets.token_bytes(12)), GATEWAY_TOPICS)


def _hang_up(program: Program) -> None:
    if program.running():
        os.kill(program.pid, signal.SIGHUP)
