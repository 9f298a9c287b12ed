"""What psycopg raises, as errors of ours: those worth trying again apart from those that never will work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.errors import ForeignKeyViolation, NotNullViolation, UniqueViolation
from psycopg_pool import PoolTimeout

from domain.errors import BeatwatchError, ConflictError, InvalidInputError, UnavailableError

_NAMED: Final = re.compile(r"\((?P<columns>[^()]+)\)=\((?P<values>.*)\)", re.DOTALL)


@contextmanager
def database_errors(what: str) -> Iterator[None]:
    """Raise UnavailableError when the server is away, busy, full or gave way to another transaction: try again later.

    ConflictError means that the schema is not the one that this program knows, InvalidInputError that the server refuses the
    values themselves, so that trying again cannot help. `what` names the work.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError, PoolTimeout) as error:
        raise UnavailableError(f"cannot {what}: {error}") from error
    except psycopg.ProgrammingError as error:
        raise ConflictError(f"cannot {what}: {error}; is the schema up to date (beatwatch migrate)?") from error
    except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
        raise InvalidInputError("values", f"cannot {what}: {error}") from error


def refusal_of(error: psycopg.IntegrityError) -> BeatwatchError:
    """What a person is told when a constraint of the schema refuses a row. The organisation's number is not theirs to see."""
    named = _NAMED.search(error.diag.message_detail or "")
    column = named["columns"].split(", ")[-1] if named else error.diag.column_name or "request"
    value = named["values"].split(", ")[-1] if named else ""
    if isinstance(error, ForeignKeyViolation):
        if "still referenced" in (error.diag.message_detail or ""):
            return ConflictError(f"{column} {value!r} is still referred to")
        return InvalidInputError(column, f"there is no {value!r}")
    if isinstance(error, NotNullViolation):
        return InvalidInputError(column, "must not be null")
    if isinstance(error, UniqueViolation):
        return ConflictError(f"there is a {error.diag.table_name or 'record'} with {column} {value!r} already")
    return InvalidInputError(column, f"breaks the rule {error.diag.constraint_name}")
