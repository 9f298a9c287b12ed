from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.pool import Connection, Role, open_pool
from store.session import Session, open_session
from tests.alerts.receiver import Receiver, receiving


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    session = open_session(database_url, Role.worker)
    yield session
    session.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
