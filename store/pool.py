"""Connections in a role that owns nothing, so that row-level security holds under every statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.errors import InvalidInputError, MigratedError, UnavailableError
from store.failures import MIGRATED, refusal_of
from store.moments import refuse_unreadable_moments

Connection = psycopg.Connection[DictRow]
Pool = ConnectionPool[Connection]


class Role(StrEnum):
    """Database roles made by the first migration. Neither owns a table nor can bypass row-level security."""

    worker = "beatwatch_worker"  # ingest, geofence, alerts: all organisations, only the statements they need
    api = "beatwatch_api"  # one organisation's subtree at a time, named by app.org


def open_pool(database_url: str, role: Role, *, max_size: int = 4, timeout_s: float = 10.0) -> Pool:
    """Open a pool whose connections have taken `role` and speak UTC.

    Raises UnavailableError when no connection can be had within `timeout_s`.
    """
    pool: Pool = ConnectionPool(
        database_url,
        min_size=1,
        max_size=max_size,
        timeout=timeout_s,
        kwargs={"row_factory": dict_row, "options": "-c timezone=UTC"},
        configure=lambda connection: _prepare(connection, role),
        open=False,
    )
    try:
        pool.open(wait=True, timeout=timeout_s)
    except PoolTimeout as error:
        pool.close()
        raise UnavailableError(
            f"no connection to the database within {timeout_s:g} s: {_obstacle(database_url, role)}"
        ) from error
    return pool


def _obstacle(database_url: str, role: Role) -> str:
    """Why there is no connection that can take `role`."""
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            take_role(connection, role)
    except psycopg.errors.InvalidParameterValue:
        return "it has no schema yet (beatwatch migrate)"
    except psycopg.Error as error:
        return f"{str(error).strip()}; is DATABASE_URL right?"
    return "it is slow to answer"


def _prepare(connection: psycopg.Connection[Any], role: Role) -> None:
    take_role(connection, role)
    refuse_unreadable_moments(connection)


def take_role(connection: psycopg.Connection[Any], role: Role) -> None:
    """Let `connection` act as `role` from now on."""
    connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))
    connection.commit()


@contextmanager
def organisation_transaction(pool: Pool, org_id: int) -> Iterator[Connection]:
    """A transaction that sees only the rows of organisation `org_id` and those below it.

    Raises UnavailableError when the database is away and InvalidInputError for a value that it cannot hold.
    """
    with transaction(pool) as connection:
        connection.execute("SELECT set_config('app.org', %s, true)", (str(org_id),))
        yield connection


@contextmanager
def transaction(pool: Pool) -> Iterator[Connection]:
    """A transaction that acts for no organisation yet: as the API's role it sees no tenant's row.

    Raises UnavailableError when the database is away, InvalidInputError for a value that it cannot hold or a thing that is
    referred to and not there, and ConflictError for what is there already. When the schema was migrated meanwhile it raises
    MigratedError, once: the next transaction has a new connection.
    """
    try:
        with pool.connection() as connection, connection.transaction():
            yield connection
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise UnavailableError(f"the database does not answer: {error}") from error
    except MIGRATED as error:
        pool.drain()  # the others have prepared the same statements
        raise MigratedError("the schema was migrated meanwhile; ask again") from error
    except psycopg.DataError as error:
        raise InvalidInputError("request", f"holds a value that cannot be stored: {error}") from error
    except psycopg.IntegrityError as error:
        raise refusal_of(error) from error


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of a transaction that is taken back alone when it fails; raises what `transaction` does."""
    try:
        with connection.transaction():
            yield
    except psycopg.DataError as error:
        raise InvalidInputError("request", f"holds a value that cannot be stored: {error}") from error
    except psycopg.IntegrityError as error:
        raise refusal_of(error) from error
