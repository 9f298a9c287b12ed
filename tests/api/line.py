"""A line between a browser and a server that can be cut.

Going offline in a browser is asked of each of its targets apart, so a worker that has just begun may still reach the server:
https://github.com/microsoft/playwright/issues/2311. Over a line that is cut nothing gets through, whoever asks.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

_PIECE_BYTES = 65_536


class Line(socketserver.ThreadingTCPServer):
    """Hands on what comes and goes, until it is cut."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        where = urlsplit(address)
        self.server = (where.hostname or "", where.port or 80)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.is_cut = False
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()

    def cut(self) -> None:
        """Drop what is under way and let nothing new through."""
        with self._lock:
            self.is_cut = True
            for end in self._ends:
                _hang_up(end)

    def mend(self) -> None:
        """Let through what comes from now on."""
        self.is_cut = False

    def join(self, one: socket.socket, other: socket.socket) -> None:
        """Hand on between both until either is closed, unless the line is cut."""
        with self._lock:
            if self.is_cut:
                return
            self._ends |= {one, other}
        back = threading.Thread(target=_hand_on, args=(other, one), daemon=True)
        back.start()
        _hand_on(one, other)
        back.join()
        with self._lock:
            self._ends -= {one, other}


class _Connection(socketserver.BaseRequestHandler):
    server: Line

    def handle(self) -> None:
        if not self.server.is_cut:
            with socket.create_connection(self.server.server) as other:
                self.server.join(self.request, other)


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE_BYTES):
            target.sendall(piece)
    _hang_up(source)
    _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(address: str) -> Iterator[Line]:
    """A line to the server at `address` that lasts as long as the context."""
    with Line(address) as line:
        threading.Thread(target=line.serve_forever, args=(0.05,), daemon=True).start()
        yield line
        line.cut()
        line.shutdown()


@contextmanager
def without_network(context: BrowserContext, line: Line) -> Iterator[None]:
    """The browser is told that it is offline, and is."""
    line.cut()
    context.set_offline(True)
    yield
    line.mend()
    context.set_offline(False)
