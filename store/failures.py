"""What psycopg raises, as errors of ours: those worth trying again apart from those that never will work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import PoolTimeout

from domain.errors import ConflictError, InvalidInputError, UnavailableError


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
