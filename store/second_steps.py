"""The second step of signing in: a shared secret for codes by time, and recovery codes, kept as SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from domain.errors import ConflictError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("second_steps")


@dataclass(frozen=True, slots=True)
class SecondStep:
    """What a person's codes are checked against; not asked for until it was confirmed."""

    secret: str
    confirmed_at: datetime | None
    last_counter: int
    recovery_hashes: list[bytes]


def begin(connection: Connection, person_id: int, org_id: int, secret: str, recovery_hashes: Sequence[bytes]) -> None:
    """Keep a secret that is to be confirmed. Raises ConflictError when one is in use."""
    row = {"person_id": person_id, "org_id": org_id, "secret": secret, "hashes": list(recovery_hashes)}
    connection.execute(_SQL["forget_unconfirmed"], row)
    if connection.execute(_SQL["begin"], row).fetchone() is None:
        raise ConflictError("there is a second step already; end it first")


def find(connection: Connection, person_id: int) -> SecondStep | None:
    """A person's second step, locked until the transaction ends, so that no code is used twice at once."""
    with connection.cursor(row_factory=class_row(SecondStep)) as cursor:
        return cursor.execute(_SQL["find"], {"person_id": person_id}).fetchone()


def use(connection: Connection, person_id: int, *, counter: int | None = None, recovery_hash: bytes | None = None) -> None:
    """A code was used: it and those before it are good no more."""
    connection.execute(_SQL["use"], {"person_id": person_id, "counter": counter, "recovery_hash": recovery_hash})


def confirm(connection: Connection, person_id: int) -> None:
    """From now on it is asked for."""
    connection.execute(_SQL["confirm"], {"person_id": person_id})


def end(connection: Connection, person_id: int) -> None:
    """Ask for no second step any more."""
    connection.execute(_SQL["end"], {"person_id": person_id})
