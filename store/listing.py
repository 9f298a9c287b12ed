"""Which part of a list, and in which order: the same for every list, whatever statement gives its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Composable, Composed, Placeholder

from domain.errors import InvalidInputError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("listing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list can be sorted by and what tells its rows apart: members of its rows, with the expressions behind them."""

    sorts: Mapping[str, Composable]  # never null, -infinity for a time that never began; the first is the usual one
    keys: Mapping[str, Composable]  # in the order in which they break ties
    changed: Composable  # a condition on %(changed_since)s: what was changed then or later
    newest_first: bool = False  # in the usual order


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of a list. `sort` is a member, with - before it for descending; without it the order is the usual one."""

    changed_since: datetime | None = None
    sort: str = ""
    after: Sequence[str] | None = None  # `place` of the last row read
    limit: int = 100


FIRST: Final = Part()


def sorted_by(listing: Listing, sort: str) -> tuple[str, bool]:
    """The member that `sort` names, and whether it descends. Raises InvalidInputError naming those there are."""
    usual = next(iter(listing.sorts))
    if not sort:
        return usual, listing.newest_first
    member = sort.removeprefix("-")
    if member not in listing.sorts:
        known = ", ".join(listing.sorts)
        raise InvalidInputError("query.sort", f"must be one of {known}, with - before it for descending")
    return member, sort.startswith("-")


def ending(listing: Listing, part: Part) -> tuple[Composed, dict[str, Any]]:
    """The last conditions, the order and the limit of a statement, which ends with `AND {part}`; and their parameters."""
    member, descending = sorted_by(listing, part.sort)
    order = [listing.sorts[member], *(key for name, key in listing.keys.items() if name != member)]
    conditions: list[Composable] = [SQL("true")]
    values: dict[str, Any] = {"limit": part.limit}
    if part.changed_since is not None:
        conditions.append(listing.changed)
        values["changed_since"] = part.changed_since
    if part.after is not None:
        after = {f"after_{number}": value for number, value in enumerate(part.after)}
        columns, places = SQL(", ").join(order), SQL(", ").join(map(Placeholder, after))
        conditions.append(SQL("({}) {} ({})").format(columns, SQL("<" if descending else ">"), places))
        values |= after
    way = SQL(" DESC" if descending else " ASC")
    text = SQL("{} ORDER BY {} LIMIT %(limit)s").format(
        SQL(" AND ").join(conditions), SQL(", ").join(one + way for one in order)
    )
    return text, values


def place(listing: Listing, sort: str, row: Any) -> list[str]:
    """What places a row, an object or a mapping, in the order of `sort`."""
    member, _ = sorted_by(listing, sort)
    return [_text(row, name) for name in (member, *(name for name in listing.keys if name != member))]


def settled_until(connection: Connection) -> datetime:
    """Up to when all changes can be seen by the statements to come; asked before a list is read."""
    row = connection.execute(_SQL["settled_until"]).fetchone()
    assert row is not None  # a function of one row
    moment: datetime = row["moment"]
    return moment


def _text(row: Any, name: str) -> str:
    value = row[name] if isinstance(row, Mapping) else getattr(row, name)
    if value is None:
        return "-infinity"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
