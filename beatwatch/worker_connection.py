"""A connection for the commands of an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from beatwatch.services.servers import Servers, migrate_own, of_running_stack
from beatwatch.settings import read_settings
from store.failures import database_errors
from store.pool import Connection, Role, open_pool


@contextmanager
def worker_connection() -> Iterator[Connection]:
    """A transaction in the database of DATABASE_URL, or the embedded one of what runs or ran here, as the services' role.

    Raises UnavailableError when it cannot be reached and ConflictError when its schema is not there.
    """
    with Servers(of_running_stack(read_settings()), broker=False) as servers, database_errors("ask the database"):
        migrate_own(servers)
        pool = open_pool(servers.database_url, Role.worker, max_size=1)
        with pool, pool.connection() as connection:
            yield connection
