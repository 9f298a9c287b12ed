"""Where what we post may lead: not into networks that only we can reach, unless that is wanted."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from domain.errors import InvalidInputError

LONGEST: Final = 2000
Resolve = Callable[[str, int], list[str]]
"""Every address of a host, for a port. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at: connecting to it and not to its name leaves no time for the name to change."""

    url: str  # with the address in place of the name
    host: str  # the name, with its port if it has one, for the header
    name: str  # the name alone, for the certificate


def check_url(url: str, *, allow_private: bool) -> None:
    """Raise InvalidInputError for what is no address of the web, or names a private one outright."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError("url", f"is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or len(url) > LONGEST or port == 0:
        raise InvalidInputError("url", "must be http(s)://host/..., without a login")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInputError("url", "must be ASCII without spaces")
    if not allow_private and (parts.hostname == "localhost" or _is_private(parts.hostname)):
        raise InvalidInputError("url", "leads into a private network; WEBHOOKS_TO_PRIVATE allows that")


def target_of(url: str, *, allow_private: bool, lookup: Resolve) -> Target:
    """Where to connect to for `url`. Raises InvalidInputError when an address of it is private, OSError without any."""
    check_url(url, allow_private=allow_private)
    parts = urlsplit(url)
    assert parts.hostname is not None  # it was checked
    addresses = lookup(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    if not addresses:
        raise OSError(f"no address for {parts.hostname}")
    if not allow_private:
        check_public(parts.hostname, addresses)
    address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    netloc = address if parts.port is None else f"{address}:{parts.port}"
    return Target(parts._replace(netloc=netloc).geturl(), parts.netloc, parts.hostname)


def check_public(host: str, addresses: Iterable[str]) -> None:
    """Raise InvalidInputError when one of a host's addresses is private."""
    if any(_is_private(address) for address in addresses):
        raise InvalidInputError("url", f"{host} leads into a private network")


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global or address.is_multicast
