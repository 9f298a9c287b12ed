"""A worker's own little web server: `/healthz` it lives, `/readyz` it serves, `/metrics` for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app

from beatwatch.services.ports import LOOPBACK

StartResponse = Any  # of PEP 3333


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Probes every few seconds are not worth a line."""


class Health:
    """What the probes are told; `ready` is set by the worker when it serves."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self._metrics = make_wsgi_app()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        match environ.get("PATH_INFO", ""):
            case "/metrics":
                return cast("Iterable[bytes]", self._metrics(environ, start_response))
            case "/healthz":
                return _answer(start_response, "200 OK", b"ok\n")
            case "/readyz" if self.ready.is_set():
                return _answer(start_response, "200 OK", b"ok\n")
            case "/readyz":
                return _answer(start_response, "503 Not Ready", b"starting\n")
            case _:
                return _answer(start_response, "404 Not Found", b"try /healthz, /readyz or /metrics\n")


def _answer(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def serving_health(port: int, host: str = LOOPBACK) -> Iterator[Health]:
    """Serve a worker's health at `port` while the context lasts; port 0 serves nothing."""
    health = Health()
    if port == 0:
        yield health
        return
    server = make_server(host, port, health, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield health
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
