"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

from domain.errors import UnavailableError

LOOPBACK = "127.0.0.1"


_LISTENERS = range(15_000, 32_768)
"""Below those that systems give to outgoing connections, one of which might take a free port before its listener does."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    while True:
        port = secrets.choice(_LISTENERS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def wanted_port(port: int, variable: str) -> int:
    """`port` if it is free, any free one if it is 0. Raises UnavailableError naming `variable` when it is taken."""
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UnavailableError(f"port {port} is taken; choose another with {variable}, or {variable}=0 for any") from error
    return port


def answers(port: int, timeout_s: float = 0.2) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True
