"""What was planned and what happened as tables, to be taken out: each is one statement, read a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from psycopg.rows import tuple_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("told_tables")
KINDS: Final = tuple(name.replace("_", "-") for name in _SQL)
_AT_ONCE: Final = 1_000


def read_table(connection: Connection, kind: str, since: datetime | None, until: datetime | None) -> Iterator[tuple[Any, ...]]:
    """The names of the columns, then the rows of one of KINDS, the oldest first; times bound when that was."""
    with connection.cursor(name="told_table", row_factory=tuple_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_SQL[kind.replace("-", "_")], {"since": since, "until": until})
        yield tuple(column.name for column in cursor.description or ())
        yield from cursor
