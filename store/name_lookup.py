"""The addresses of hosts, as the machine's resolver tells them: asked before anything is posted to where others say."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from domain.errors import InvalidInputError

Check = Callable[[str, list[str]], None]
"""Raises InvalidInputError for a host and its addresses that must not be connected to."""

_ask_resolver: Final = socket.getaddrinfo
_asked: Final[ContextVar[Check | None]] = ContextVar("asked", default=None)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError."""
    return _addresses(_ask_resolver(host, port, type=socket.SOCK_STREAM))


@contextmanager
def connecting_only_where(check: Check) -> Iterator[None]:
    """Whatever the context connects to meanwhile has passed `check`, by the very addresses that it connects to.

    For libraries that connect by name themselves: what a name meant when it was looked at, it need not mean a moment later, and
    an answer may lead elsewhere. What is refused is an OSError there. A proxy of the environment is not refused.
    """
    before = _asked.set(check)
    try:
        yield
    finally:
        _asked.reset(before)


def _look_up(host: Any, port: Any, *args: Any, **more: Any) -> list[Any]:
    found = _ask_resolver(host, port, *args, **more)
    check = _asked.get()
    name = host.decode() if isinstance(host, bytes) else str(host)
    if check is not None and name not in _proxies():
        try:
            check(name, _addresses(found))
        except InvalidInputError as error:
            raise OSError(str(error)) from error
    return found


def _addresses(found: list[Any]) -> list[str]:
    return sorted({str(entry[4][0]) for entry in found})


def _proxies() -> set[str | None]:
    return {urlsplit(url if "//" in url else f"//{url}").hostname for url in getproxies().values()}


socket.getaddrinfo = _look_up  # the one place through which Python's libraries find whom to connect to
