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

MIGRATED: Final = psycopg.NotSupportedError
"""What a statement raises that was prepared before the schema was migrated. A new connection prepares it anew."""

_RULES: Final = {
    "price_list_check": ("valid_until", "must not be before valid_from"),
    "promotion_check": ("valid_until", "must not be before valid_from"),
    "brand_contract_check": ("valid_until", "must not be before valid_from"),
    "brand_contract_check1": ("manufacturer", "must be another organisation than the distributor"),
    "sales_order_check": ("stop_id", "goes together with trip_id: name both, or neither"),
    "route_plan_check": ("planned_end", "must be after planned_start"),
    "trip_check": ("planned_end", "must be after planned_start"),
    "stop_check": ("window_end", "must not be before window_start"),
}
"""What a rule about several columns asks for, and which of them to change; of one column, its name says it."""

_ABSENT: Final = re.compile(r'not present in table "(?P<table>\w+)"')
_NAMED: Final = re.compile(r"\((?P<columns>[^()]+)\)=\((?P<values>.*)\)", re.DOTALL)


@contextmanager
def database_errors(what: str) -> Iterator[None]:
    """Raise UnavailableError when the server is away, busy, full, migrated or gave way to another transaction: try again later.

    ConflictError means that the schema is not the one that this program knows, InvalidInputError that the server refuses the
    values themselves, so that trying again cannot help. `what` names the work.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError, MIGRATED, PoolTimeout) as error:
        raise UnavailableError(f"cannot {what}: {error}") from error
    except psycopg.ProgrammingError as error:
        raise ConflictError(f"cannot {what}: {error}; is the schema up to date (beatwatch migrate)?") from error
    except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
        raise InvalidInputError("values", f"cannot {what}: {error}") from error


def refusal_of(error: psycopg.IntegrityError) -> BeatwatchError:
    """What a person is told when a constraint of the schema refuses a row. The organisation's number is not theirs to see."""
    detail = error.diag.message_detail or ""
    named = _NAMED.search(detail)
    column = named["columns"].split(", ")[-1] if named else error.diag.column_name or "request"
    value = named["values"].split(", ")[-1] if named else ""
    if isinstance(error, ForeignKeyViolation):
        if "still referenced" in detail:
            return ConflictError(f"{column} {value!r} is still referred to")
        if named is None and (absent := _ABSENT.search(detail)):  # whoever may not read the table is not told the key
            return InvalidInputError(_referring(error), f"there is no such {absent['table'].replace('_', ' ')}")
        return InvalidInputError(column, f"there is no {value!r}")
    if isinstance(error, NotNullViolation):
        return InvalidInputError(column, "must not be null")
    if isinstance(error, UniqueViolation):
        return ConflictError(f"there is a {error.diag.table_name or 'record'} with {column} {value!r} already")
    if rule := _RULES.get(error.diag.constraint_name or ""):
        return InvalidInputError(*rule)
    return InvalidInputError(column, f"breaks the rule {error.diag.constraint_name}")


def _referring(error: psycopg.IntegrityError) -> str:
    """The column of a foreign key, by the name that the server gave it."""
    named = (error.diag.constraint_name or "").removeprefix(f"{error.diag.table_name}_").removesuffix("_fkey")
    return named.removeprefix("org_id_")
