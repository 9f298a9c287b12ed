"""A client for the broker at a URL, and the name of our session there."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote, urlsplit

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.errors import SettingsError
from ingest.sources.quick_client import Published, QuickClient

_SESSION: Final = "beatwatch-ingest"
_SESSION_S: Final = 30 * 86_400
_KEEPALIVE_S: Final = 30
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


def session_name(url: str) -> str:
    """The name of ingest's session at the broker at `url`, always the same.

    Where the URL has a password nobody else can guess the name: a broker gives a session, with all that waits in it, to
    whoever comes under its name, and lets him throw it away.
    """
    password = urlsplit(url).password
    if not password:
        return _SESSION
    return f"{_SESSION}-{blake2b(unquote(password).encode(), digest_size=8, person=b'mqtt session').hexdigest()}"


def broker_client(
    url: str, client_id: str, on_published: Callable[[Published], None], receive_maximum: int, ca_file: str | None
) -> QuickClient:
    """A client, not yet connected, whose session `client_id` lasts. Raises SettingsError for a URL that names no broker."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        said = f"{parts.scheme}://...@{parts.hostname}" if parts.password else url
        raise SettingsError(f"MQTT_URL must be mqtt://host:port or mqtts://host:port, not {said!r}")
    client = QuickClient(client_id, on_published)
    if parts.username is not None:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        _trust(client, ca_file)
    # With this set, paho leaves writing to the source's loop instead of doing it at once.
    client.on_socket_register_write = lambda *_: None
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
    properties.SessionExpiryInterval = _SESSION_S
    properties.ReceiveMaximum = receive_maximum
    client.connect_async(
        parts.hostname, parts.port or _PORTS[parts.scheme], _KEEPALIVE_S, clean_start=False, properties=properties
    )
    return client


def _trust(client: QuickClient, ca_file: str | None) -> None:
    try:
        client.tls_set(ca_certs=ca_file)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"MQTT_CA_FILE: {ca_file} has no certificates: {error.strerror or error}") from error
