"""Records as rows of a table: one row each, or one for each of what belongs to it, in columns such as `units.pieces`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from api.records.resource import Resource, Shown
from domain.errors import InvalidInputError
from wire.files.tables import Row

BETWEEN = "|"


@dataclass(slots=True)
class GivenRecord:
    """What a table says of one record: the number of its first row, its values as they would be sent, and what is wrong."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    wrong: InvalidInputError | None = None


def columns(resource: Resource) -> list[str]:
    """The columns of an export."""
    names = []
    for name, kind in _members(resource.shown):
        if name == "next_states":
            continue
        names += [f"{name}.{inner}" for inner, _ in _members(kind)] if _is_children(resource, name) else [name]
    return names


def rows_of(resource: Resource, shown: Shown) -> Iterator[list[Any]]:
    """A record's rows in an export."""
    plain = shown.model_dump(mode="json", by_alias=True)
    children = resource.table.children
    belonging = plain.get(children.name) if children is not None else None
    for child in belonging or [{}]:
        row = []
        for name in columns(resource):
            outer, _, inner = name.partition(".")
            row.append(_cell(child.get(inner) if inner else plain[outer]))
        yield row


def read_records(resource: Resource, rows: Iterable[Row]) -> Iterator[GivenRecord]:
    """Records from the rows of a table; rows that follow each other and have the same key are one.

    Raises InvalidInputError for a column that is none, and at the end when no row had a key.
    """
    key = resource.table.key
    kinds = dict(_members(resource.new)) | dict(_members(resource.change))
    current: GivenRecord | None = None
    number, has_key = 0, False
    for number, row in rows:
        if current is None or key not in row or current.values.get(key) != row[key]:
            if current is not None:
                yield current
            current = GivenRecord(number)
        try:
            _put(resource, kinds, current, row)
        except _WrongCellError as error:
            current.wrong = current.wrong or InvalidInputError(*error.args)
        if key in row:
            has_key = True
        else:
            current.wrong = InvalidInputError(key, "is missing")
    if number and not has_key:
        raise InvalidInputError(f"row 1.{key}", "is missing")
    if current is not None:
        yield current


class _WrongCellError(Exception):
    """A column and what is wrong with what stands in it."""


def _put(resource: Resource, kinds: dict[str, Any], record: GivenRecord, row: dict[str, str]) -> None:
    shown = set(columns(resource))
    child: dict[str, Any] = {}
    for name, text in row.items():
        outer, _, inner = name.partition(".")
        if inner and _is_children(resource, outer):
            child[inner] = text
        elif name in kinds and not _is_children(resource, name):
            record.values[name] = _value(kinds[name], text, name)
        elif name not in shown:
            there_are = ", ".join(one for one in columns(resource) if one.partition(".")[0] in kinds)
            raise InvalidInputError(f"row 1.{name}", f"is no column of {resource.path.strip('/')}; there are {there_are}")
    children = resource.table.children
    if child and children is not None:
        known = {name for name, _ in _members(kinds[children.name])}
        record.values.setdefault(children.name, []).append({name: text for name, text in child.items() if name in known})


def _value(kind: Any, text: str, column: str) -> Any:
    """Lists are given as `a|b`, or as JSON when there is more to them."""
    if text[:1] in {"[", "{"} and _is_structured(kind):
        try:
            return json.loads(text)
        except ValueError as error:
            raise _WrongCellError(column, f"is not JSON: {error}") from error
    return text.split(BETWEEN) if _is_list(kind) else text


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return BETWEEN.join(map(str, value))
    return json.dumps(value) if isinstance(value, list | dict) else value


def _members(kind: Any) -> list[tuple[str, Any]]:
    """The members of the model in `kind`, by their names outside."""
    model = next((one for one in _parts(kind) if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return [] if model is None else [(info.alias or name, info.annotation) for name, info in model.model_fields.items()]


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def _is_list(kind: Any) -> bool:
    return any(part is list or get_origin(part) is list for part in _parts(kind))


def _is_structured(kind: Any) -> bool:
    return _is_list(kind) or bool(_members(kind))


def _is_children(resource: Resource, name: str) -> bool:
    return resource.table.children is not None and resource.table.children.name == name
