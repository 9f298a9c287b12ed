"""The broker's password and access files, generated from the device table. Pure, but for the salt that the caller gives."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from domain.errors import InvalidInputError
from store.device_admin import BrokerAccount
from store.devices import Identity
from wire.topics import TopicPattern

_ITERATIONS: Final = 101  # mosquitto's own; the passwords are random and long, so guessing is hopeless anyway
_FORBIDDEN: Final = re.compile(r"[+#/:\s\x00-\x1f]")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
OWN_TOPICS: Final = "pattern readwrite bw/1/%u/#"


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


def password_file(accounts: Iterable[BrokerAccount], service: tuple[str, str]) -> str:
    """`service` is the services' own user name and password hash."""
    lines = [f"{service[0]}:{service[1]}", *(f"{account.username}:{account.password_hash}" for account in accounts)]
    return "\n".join(lines) + "\n"


def access_file(accounts: Iterable[BrokerAccount], service_name: str, patterns: Sequence[TopicPattern]) -> str:
    """The services may do everything; a device reads and writes its own topics, in our format and in those it is known by."""
    lines = [OWN_TOPICS, "", f"user {service_name}", "topic readwrite #"]
    for account in accounts:
        filters = [one for identity in account.identities for one in _filters(identity, patterns)]
        if filters:
            lines += ["", f"user {account.username}", *(f"topic readwrite {one}" for one in dict.fromkeys(filters))]
    return "\n".join(lines) + "\n"


def _filters(identity: Identity, patterns: Sequence[TopicPattern]) -> Iterable[str]:
    """The topic filters of those patterns that carry this identity, narrowed to it."""
    for pattern in patterns:
        if pattern.format.removesuffix("-any") == identity.format and pattern.tenant is None:
            values = _placeholders(pattern.device, identity.external_id)
            if values and not any(_FORBIDDEN.search(value) for value in values.values()):
                filled = pattern.pattern
                for name, value in values.items():
                    filled = filled.replace(f"{{{name}}}", value)
                yield "/".join("+" if "{" in level else level for level in filled.split("/"))


def _placeholders(template: str, external_id: str) -> dict[str, str]:
    """What `{user}:{phone}` stands for in `jo:pixel`; nothing if the template has no placeholder or does not fit."""
    pattern = "".join(
        f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(_PLACEHOLDER.split(template))
    )
    found = re.fullmatch(pattern, external_id)
    return found.groupdict() if found else {}
