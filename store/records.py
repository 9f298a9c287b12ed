"""Records that people keep: master data and orders. One set of statements serves every table that `keep_record` made one.

A record is a mapping of its columns as the API names them: longitude and latitude in degrees, rows that belong to it in a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from psycopg.sql import SQL, Composable, Composed, Identifier, Placeholder
from psycopg.sql import Literal as Constant
from psycopg.types.json import Jsonb

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending, place
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
    """Which records to list, and which part of them."""

    conditions: Sequence[tuple[str, Operator, Any]] = ()
    words: str | None = None
    part: Part = FIRST


def add(connection: Connection, table: Table, org_id: int, record: Record) -> None:
    """Insert a record. Raises ConflictError when its name is taken and InvalidInputError for a value that cannot be."""
    row = _row(table, record)
    statement = SQL(_SQL["insert"]).format(
        table=Identifier(table.name), columns=_names(row), values=_values(row), key=Identifier(table.key)
    )
    if connection.execute(statement, {**row, "org_id": org_id}).fetchone() is None:
        raise ConflictError(f"there is {'an' if table.kind[0] in 'aeo' else 'a'} {table.kind} {record[table.key]!r} already")
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
    statement = _select(table, conditions, SQL("true ORDER BY record.org_id <> acting_org(), record.org_id LIMIT 1"))
    if lock:
        statement += SQL(" FOR UPDATE OF record")
    row = connection.execute(statement, {"key": key, "org_id": org_id}).fetchone()
    if row is None:
        raise NotFoundError(table.kind, key)
    return _shown(table, row)


def find_all(connection: Connection, table: Table, org_id: int, keys: Sequence[str]) -> dict[str, Record]:
    """The records of an organisation that have these names, by name."""
    conditions = [SQL("record.org_id = %(org_id)s"), SQL("record.{} = ANY (%(keys)s)").format(Identifier(table.key))]
    end = SQL("true ORDER BY {}").format(Identifier("record", table.key))
    rows = connection.execute(_select(table, conditions, end), {"org_id": org_id, "keys": list(keys)})
    return {row[table.key]: _shown(table, row) for row in rows}


def listing(table: Table) -> Listing:
    """How lists of the table's records are ordered."""
    sorts = (table.key, "changed_at", "created_at", *table.sorts)
    return Listing(
        sorts={name: Identifier("record", name) for name in sorts},
        keys={name: Identifier("record", name) for name in (table.key, "org_id")},
        changed=SQL("record.changed_at >= %(changed_since)s"),
    )


def list_records(connection: Connection, table: Table, wanted: Wanted) -> list[Record]:
    """Records as `wanted`; one more than a page says that there are more."""
    conditions, values = _conditions(table, wanted)
    end, more = ending(listing(table), wanted.part)
    rows = connection.execute(_select(table, conditions, end), {**values, **more})
    return [_shown(table, row) for row in rows]


def all_records(connection: Connection, table: Table, wanted: Wanted, *, at_once: int = 500) -> Iterator[Record]:
    """Every record as `wanted`, read in pages."""
    part = replace(wanted.part, limit=at_once)
    while True:
        records = list_records(connection, table, replace(wanted, part=part))
        yield from records
        if len(records) < at_once:
            return
        part = replace(part, after=place(listing(table), part.sort, records[-1]))


def _select(table: Table, conditions: Sequence[Composable], end: Composable) -> Composed:
    return SQL(_SQL["select"]).format(
        table=Identifier(table.name),
        more=SQL("").join([_children(table), *_computed(table)]),
        conditions=SQL(" AND ").join(conditions or [SQL("true")]),
        part=end,
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
            row[_PLACES[name]] = None if value is None else round(value * _E7)
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
