"""Records that people keep: master data and orders. One set of statements serves every table that `keep_record` made one.

A record is a mapping of its columns as the API names them: longitude and latitude in degrees, rows that belong to it in a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.sql import SQL, Composable, Composed, Identifier, Placeholder
from psycopg.sql import Literal as Constant
from psycopg.types.json import Jsonb

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("records")
_E7: Final = 1e7
_PLACES: Final = {"longitude_deg": "longitude_e7", "latitude_deg": "latitude_e7"}

Record = Mapping[str, Any]
Operator = Literal["=", ">=", "<=", "in", "has"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """Rows that belong to a record and are shown as its member `name`; the column `number`, if any, keeps their order."""

    name: str
    table: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    number: str | None = None
    first_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of records: `key` is the name people give, unique in their organisation."""

    name: str
    kind: str
    key: str
    columns: tuple[str, ...]
    children: Children | None = None
    documents: frozenset[str] = frozenset()  # columns of JSON
    computed: Mapping[str, str] = field(default_factory=dict)  # shown name -> statement with its expression
    words: tuple[str, ...] = ("name",)  # searched by `words`, beside the key
    sorts: tuple[str, ...] = ()  # columns that are never null, beside those that every record has


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records to list, and in which order. `after` is what `keys` gave for the last one read."""

    conditions: Sequence[tuple[str, Operator, Any]] = ()
    words: str | None = None
    changed_since: datetime | None = None
    sort: str = ""
    descending: bool = False
    after: Sequence[Any] | None = None
    limit: int = 100


def add(connection: Connection, table: Table, org_id: int, record: Record) -> None:
    """Insert a record. Raises ConflictError when its name is taken and InvalidInputError for a value that cannot be."""
    row = _row(table, record)
    statement = SQL(_SQL["insert"]).format(
        table=Identifier(table.name), columns=_names(row), values=_values(row), key=Identifier(table.key)
    )
    if connection.execute(statement, {**row, "org_id": org_id}).fetchone() is None:
        raise ConflictError(f"there is a {table.kind} {record[table.key]!r} already")
    _put_children(connection, table, org_id, record[table.key], record)


def change(connection: Connection, table: Table, org_id: int, key: str, values: Record) -> None:
    """Set what `values` names, and count a revision. The transaction has found the record before."""
    row = _row(table, values)
    assignments = [SQL("{} = {}").format(Identifier(name), Placeholder(f"new_{name}")) for name in row]
    assignments = assignments or [SQL("{key} = {key}").format(key=Identifier(table.key))]
    statement = SQL(_SQL["update"]).format(
        table=Identifier(table.name), assignments=SQL(", ").join(assignments), key=Identifier(table.key)
    )
    connection.execute(statement, {**{f"new_{name}": value for name, value in row.items()}, "org_id": org_id, "key": key})
    _put_children(connection, table, org_id, key, values)


def find(connection: Connection, table: Table, key: str, *, org_id: int | None = None, lock: bool = False) -> Record:
    """The record of that name: of `org_id`, else the acting organisation's own before those below it. Raises NotFoundError."""
    conditions: list[Composable] = [SQL("record.{} = %(key)s").format(Identifier(table.key))]
    if org_id is not None:
        conditions.append(SQL("record.org_id = %(org_id)s"))
    statement = _select(table, conditions, SQL("record.org_id <> acting_org(), record.org_id"))
    if lock:
        statement += SQL(" FOR UPDATE OF record")
    row = connection.execute(statement, {"key": key, "org_id": org_id, "limit": 1}).fetchone()
    if row is None:
        raise NotFoundError(table.kind, key)
    return _shown(table, row)


def find_all(connection: Connection, table: Table, org_id: int, keys: Sequence[str]) -> dict[str, Record]:
    """The records of an organisation that have these names, by name."""
    conditions = [SQL("record.org_id = %(org_id)s"), SQL("record.{} = ANY (%(keys)s)").format(Identifier(table.key))]
    rows = connection.execute(
        _select(table, conditions, Identifier("record", table.key)), {"org_id": org_id, "keys": list(keys), "limit": None}
    )
    return {row[table.key]: _shown(table, row) for row in rows}


def list_records(connection: Connection, table: Table, wanted: Wanted) -> list[Record]:
    """Records as `wanted`; one more than a page says that there are more."""
    sort = check_sort(table, wanted.sort)
    conditions, values = _conditions(table, wanted)
    if wanted.after is not None:
        comparison = SQL("<" if wanted.descending else ">")
        conditions.append(
            SQL("(record.{}, record.{}, record.org_id) {} (%(after_0)s, %(after_1)s, %(after_2)s::integer)").format(
                Identifier(sort), Identifier(table.key), comparison
            )
        )
        values |= {f"after_{number}": value for number, value in enumerate(wanted.after)}
    way = SQL(" DESC" if wanted.descending else " ASC")
    order = SQL(", ").join(SQL("record.{}").format(Identifier(name)) + way for name in (sort, table.key, "org_id"))
    rows = connection.execute(_select(table, conditions, order), {**values, "limit": wanted.limit})
    return [_shown(table, row) for row in rows]


def all_records(connection: Connection, table: Table, wanted: Wanted, *, at_once: int = 500) -> Iterator[Record]:
    """Every record as `wanted`, read in pages."""
    after: Sequence[Any] | None = None
    sort = check_sort(table, wanted.sort)
    while True:
        page = Wanted(
            conditions=wanted.conditions,
            words=wanted.words,
            changed_since=wanted.changed_since,
            sort=wanted.sort,
            descending=wanted.descending,
            after=after,
            limit=at_once,
        )
        records = list_records(connection, table, page)
        yield from records
        if len(records) < at_once:
            return
        after = keys(table, sort, records[-1])


def keys(table: Table, sort: str, record: Record) -> tuple[Any, ...]:
    """What places a record in the order of a list."""
    value = record[sort]
    return value.isoformat() if hasattr(value, "isoformat") else str(value), record[table.key], record["org_id"]


def sorts(table: Table) -> tuple[str, ...]:
    """What the table's lists may be sorted by; the first is the usual."""
    return (table.key, "changed_at", "created_at", *table.sorts)


def check_sort(table: Table, sort: str) -> str:
    """The column to sort by. Raises InvalidInputError naming those there are."""
    if sort and sort not in sorts(table):
        raise InvalidInputError("query.sort", f"must be one of {', '.join(sorts(table))}, with - before it for descending")
    return sort or table.key


def settled_until(connection: Connection) -> datetime:
    """Up to when all changes can be seen by the statements to come; asked before a list is read."""
    row = connection.execute(_SQL["settled_until"]).fetchone()
    assert row is not None  # a function of one row
    moment: datetime = row["moment"]
    return moment


def _select(table: Table, conditions: Sequence[Composable], order: Composable) -> Composed:
    return SQL(_SQL["select"]).format(
        table=Identifier(table.name),
        more=SQL("").join([_children(table), *_computed(table)]),
        conditions=SQL(" AND ").join(conditions or [SQL("true")]),
        order=order,
    )


def _children(table: Table) -> Composable:
    children = table.children
    if children is None:
        return SQL("")
    return SQL(_SQL["children"]).format(
        key_name=Constant(table.key),
        key=Identifier(table.key),
        order=SQL(", ").join(Identifier("child", name) for name in children.order),
        table=Identifier(children.table),
        name=Identifier(children.name),
    )


def _computed(table: Table) -> list[Composable]:
    return [SQL(", {} AS {}").format(SQL(_SQL[name]), Identifier(shown)) for shown, name in table.computed.items()]


_CONDITIONS: Final[Mapping[Operator, SQL]] = {
    "=": SQL("record.{} = {}"),
    ">=": SQL("record.{} >= {}"),
    "<=": SQL("record.{} <= {}"),
    "in": SQL("record.{} = ANY ({})"),
    "has": SQL("{1} = ANY (record.{0})"),
}


def _conditions(table: Table, wanted: Wanted) -> tuple[list[Composable], dict[str, Any]]:
    conditions: list[Composable] = []
    values: dict[str, Any] = {}
    for number, (column, operator, value) in enumerate(wanted.conditions):
        conditions.append(_CONDITIONS[operator].format(Identifier(column), Placeholder(f"value_{number}")))
        values[f"value_{number}"] = value
    if wanted.words is not None:
        searched = SQL(", ").join(Identifier("record", name) for name in (table.key, *table.words))
        conditions.append(SQL("concat_ws(' ', {}) ILIKE %(words)s").format(searched))
        escaped = wanted.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["words"] = f"%{escaped}%"
    if wanted.changed_since is not None:
        conditions.append(SQL("record.changed_at >= %(changed_since)s"))
        values["changed_since"] = wanted.changed_since
    return conditions, values


def _put_children(connection: Connection, table: Table, org_id: int, key: str, record: Record) -> None:
    children = table.children
    if children is None or children.name not in record:
        return
    names = {"table": Identifier(children.table), "key": Identifier(table.key)}
    scope = {"org_id": org_id, "key": key}
    connection.execute(SQL(_SQL["delete_children"]).format(**names), scope)
    for number, child in enumerate(record[children.name], children.first_number):
        row = {name: child[name] for name in children.columns if name in child}
        if children.number is not None:
            row[children.number] = number
        statement = SQL(_SQL["insert_child"]).format(**names, columns=_names(row), values=_values(row))
        connection.execute(statement, {**row, **scope})


def _row(table: Table, record: Record) -> dict[str, Any]:
    """The columns of `record` as they are stored; what is no column, such as its children, stays out."""
    row: dict[str, Any] = {}
    for name, value in record.items():
        if name in _PLACES and _PLACES[name] in table.columns:
            row[_PLACES[name]] = round(value * _E7)
        elif name in (table.key, "state", *table.columns):
            row[name] = Jsonb(value) if name in table.documents and value is not None else value
    return row


def _shown(table: Table, row: Mapping[str, Any]) -> Record:
    places = {shown: row[stored] / _E7 for shown, stored in _PLACES.items() if stored in table.columns}
    return {**row, **places}


def _names(row: Record) -> Composed:
    return SQL(", ").join(map(Identifier, row))


def _values(row: Record) -> Composed:
    return SQL(", ").join(map(Placeholder, row))
