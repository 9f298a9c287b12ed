"""The addresses of hosts, as the machine's resolver tells them: asked before anything is posted to where others say."""

from __future__ import annotations

import socket


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError."""
    return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
