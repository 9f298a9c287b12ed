"""Where a broker is, who we are there, and whether it is who it says."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from domain.errors import InvalidInputError, UnavailableError


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect to, taken from an `mqtt://user:password@host:port` or `mqtts://` URL.

    `ca_file` has the certificates (PEM) of the authorities that an `mqtts` broker may be certified by; None: the system's.
    """

    host: str
    port: int
    username: str | None
    password: str | None
    secure: bool
    ca_file: str | None = None

    @classmethod
    def from_url(cls, url: str, ca_file: str | None = None) -> Broker:
        """Raises InvalidInputError for anything but such a URL."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise InvalidInputError("mqtt", f"{url!r} is not mqtt://host:port")
        secure = parts.scheme == "mqtts"
        username, password = (None if word is None else unquote(word) for word in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or (8883 if secure else 1883), username, password, secure, ca_file)

    def tls(self) -> ssl.SSLContext | None:
        """The context of an encrypted connection, one for all. Raises InvalidInputError for a file without certificates."""
        return _context(self.ca_file) if self.secure else None

    def unavailable(self, error: Exception) -> UnavailableError:
        """What to say when connecting failed of `error`."""
        if isinstance(error, ssl.SSLCertVerificationError):
            why = error.verify_message or str(error)
            asked = f"the authorities of {self.ca_file or 'the system'} were asked; MQTT_CA_FILE names others"
            return UnavailableError(f"the broker at {self.host}:{self.port} is not trusted: {why} ({asked})")
        return UnavailableError(f"no broker at {self.host}:{self.port}: {error}")


@cache  # reading the system's authorities takes longer than connecting
def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (ssl.SSLError, OSError) as error:
        raise InvalidInputError("MQTT_CA_FILE", f"{ca_file} has no certificates: {error.strerror or error}") from error
