"""The API over a real database, behind a real server."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api import assets
from api.app import create_app
from beatwatch.services.ports import LOOPBACK
from beatwatch.settlement_rule import judge_by_thresholds
from store.content import FolderStore
from tests.api.yard import Yard


@pytest.fixture
def yard(database_url: str) -> Iterator[Yard]:
    yard = Yard(database_url)
    yield yard
    yard.close()


@contextmanager
def serving(database_url: str, *, sign_in: bool = False, link_secret: str = "", **options: Any) -> Iterator[str]:
    """The address of a server that runs while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-media-") as folder:
        content = FolderStore(Path(folder))
        options |= {"sign_in": sign_in, "link_secret": link_secret, "content": content, "media_max_bytes": 100_000}
        options |= {"settlement_judge": judge_by_thresholds, "otp_webhook_url": "http://127.0.0.1:9/otp"}
        app = create_app(database_url, **options)
        with serving_app(app) as address:
            yield address


@contextmanager
def serving_app(app: FastAPI) -> Iterator[str]:
    """The address of a server that runs `app` while the context lasts."""
    listening = socket.create_server((LOOPBACK, 0), backlog=2048)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    app.state.hub.stop()  # a signal would end the streams; a thread gets none
    server.should_exit = True
    thread.join()


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    assets.install()
    with serving(database_url) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client
