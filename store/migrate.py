"""Brings a database's schema up to date: plain SQL files, forward only, each applied once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from domain.errors import ConflictError, UnavailableError

_LOCK = 0x62656174  # any number that nobody else locks

_CREATE_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `store/migrations/`."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Of the text, so that a change to an applied file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> Iterator[Migration]:
    """All migrations in the order of their names."""
    folder = files("store").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            yield Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))


def migrate(database_url: str) -> list[str]:
    """Apply what is missing and return the names applied. Safe to run from several processes at once.

    Raises UnavailableError when the database cannot be reached and ConflictError when an applied file was changed.
    """
    try:
        connection = psycopg.connect(database_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"cannot reach the database to migrate it: {error}") from error
    with connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_CREATE_LEDGER)
        applied: dict[str, str] = dict(connection.execute("SELECT name, sha256 FROM schema_migration").fetchall())
        return [migration.name for migration in migrations() if _apply(connection, migration, applied)]


def _apply(connection: psycopg.Connection[tuple[str, str]], migration: Migration, applied: dict[str, str]) -> bool:
    if migration.name in applied:
        if applied[migration.name] != migration.sha256:
            raise ConflictError(f"migration {migration.name} was changed after it had been applied; add a new file instead")
        return False
    with connection.transaction():
        connection.execute(migration.sql.encode())
        connection.execute("INSERT INTO schema_migration (name, sha256) VALUES (%s, %s)", (migration.name, migration.sha256))
    return True
