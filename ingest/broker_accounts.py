"""The broker's password and access files, generated from the device table. Pure, but for the salt that the caller gives."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import InvalidInputError
from store.device_admin import BrokerAccount
from wire.own_channels import DOWNLINKS, ROOT, own_topic
from wire.topics import TopicPattern

_ITERATIONS: Final = 101  # mosquitto's own; the passwords are random and long, so guessing is hopeless anyway
_FORBIDDEN: Final = re.compile(r"[+#/:\s\x00-\x1f]")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
OWN_TOPICS: Final = f"pattern readwrite {ROOT}/%u/#"
SERVICE_TOPICS: Final = ("readwrite #",)
GATEWAY_TOPICS: Final = ("write #", *(f"read {own_topic('+', '+', channel)}" for channel in DOWNLINKS))
"""What may be done by who speaks for many devices, and by devices that have no log-in of their own where they are let in."""


@dataclass(frozen=True, slots=True)
class ServiceLogin:
    """A log-in that is no device's, with the topics it may use as mosquitto's access file says it."""

    username: str
    password_hash: str
    topics: Sequence[str]


def username_for(organisation: str, device_key: str) -> str:
    """What a device logs in as; its own topics are `bw/1/{username}/...`.

    Raises InvalidInputError for a name that would mean more than one topic level or more than one device.
    """
    if not device_key or _FORBIDDEN.search(device_key):
        raise InvalidInputError("device", f"{device_key!r} cannot log in: no spaces and none of + # / : in its name")
    return f"{organisation}/{device_key}"


def hash_password(password: str, salt: bytes) -> str:
    """As mosquitto's password file has it: PBKDF2 (RFC 8018) with HMAC-SHA-512."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, dklen=64)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(accounts: Iterable[BrokerAccount], services: Iterable[ServiceLogin]) -> str:
    """Who may log in."""
    hashes = [(login.username, login.password_hash) for login in services]
    hashes += [(account.username, account.password_hash) for account in accounts]
    return "".join(f"{username}:{password_hash}\n" for username, password_hash in hashes)


def access_file(
    accounts: Sequence[BrokerAccount],
    services: Iterable[ServiceLogin],
    patterns: Sequence[TopicPattern],
    *,
    anonymous: bool = False,
) -> str:
    """A device reads and writes its own topics, in our format and in those it is known by, and services theirs.

    With `anonymous`, who has no log-in may speak for any device that has none either, and for no other.
    """
    topics = {account.username: _topics(account, patterns) for account in accounts}
    lines = []
    if anonymous:
        protected = (f"{ROOT}/{account.username}/#" for account in accounts)
        lines += [f"topic deny {one}" for one in (*protected, *(one for own in topics.values() for one in own))]
        lines += [f"topic {one}" for one in GATEWAY_TOPICS]
    lines += [OWN_TOPICS]
    for login in services:
        lines += ["", f"user {login.username}", *(f"topic {one}" for one in login.topics)]
    for username, own in topics.items():
        if own:
            lines += ["", f"user {username}", *(f"topic readwrite {one}" for one in own)]
    return "\n".join(lines) + "\n"


def _topics(account: BrokerAccount, patterns: Sequence[TopicPattern]) -> list[str]:
    """The filters of those patterns that carry an identity of the device, narrowed to it."""
    organisation, _, device_key = account.username.partition("/")
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.pattern.startswith(f"{ROOT}/"):
            continue  # what OWN_TOPICS says
        names = [one.external_id for one in account.identities if one.format == pattern.format.removesuffix("-any")]
        for name in (*names, *((device_key,) if pattern.tenant is not None else ())):
            found.update(dict.fromkeys(_narrowed(pattern, organisation, name)))
    return list(found)


def _narrowed(pattern: TopicPattern, organisation: str, external_id: str) -> Iterator[str]:
    """The pattern's filter with organisation and identity filled in; nothing where they do not fit."""
    values = _placeholders(pattern.device, external_id)
    tenant = {} if pattern.tenant is None else _placeholders(pattern.tenant, organisation)
    if not values or tenant is None or any(values.get(name, value) != value for name, value in tenant.items()):
        return
    values |= tenant
    if any(_FORBIDDEN.search(value) for value in values.values()):
        return
    filled = pattern.pattern
    for name, value in values.items():
        filled = filled.replace(f"{{{name}}}", value)
    yield "/".join("+" if "{" in level else level for level in filled.split("/"))


def _placeholders(template: str, text: str) -> dict[str, str] | None:
    """What `{user}:{phone}` stands for in `jo:pixel`; None if the template does not fit."""
    pattern = "".join(
        f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(_PLACEHOLDER.split(template))
    )
    found = re.fullmatch(pattern, text)
    return found.groupdict() if found else None
