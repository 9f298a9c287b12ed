"""Thresholds that organisations set, with their history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("parameters")


@dataclass(frozen=True, slots=True)
class Setting:
    """From `since` until the next of its name and scope a threshold has this value; none: that of a wider scope again."""

    org_id: int
    scope: str  # organisation, route or outlet_class
    scope_key: str  # the route or the class; empty for the organisation
    name: str
    since: datetime
    value: float | None
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Definition:
    """A threshold that the rule book knows."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    explanation: str


def define(connection: Connection, known: Iterable[Definition]) -> None:
    """Let these be the thresholds that there are."""
    rows = [{"position": position, **asdict(one)} for position, one in enumerate(known)]
    connection.execute(_SQL["drop_other_definitions"], {"names": [row["name"] for row in rows]})
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["define_parameter"], rows)


def definitions(connection: Connection) -> dict[str, Definition]:
    """The thresholds that there are, by name, in the order of the rule book."""
    with connection.cursor(row_factory=class_row(Definition)) as cursor:
        return {one.name: one for one in cursor.execute(_SQL["definitions"])}


def set_parameter(
    connection: Connection, org_id: int, *, scope: str, scope_key: str, name: str, since: datetime, value: float | None, by: str
) -> None:
    """Let a threshold have a value, or with None its default again, from a moment on. Whether it may is not checked here."""
    row = {"org_id": org_id, "scope": scope, "scope_key": scope_key, "name": name, "since": since, "value": value, "set_by": by}
    connection.execute(_SQL["set_parameter"], row)


def settings(connection: Connection, *, org_id: int | None = None, name: str | None = None) -> list[Setting]:
    """All that was set, the oldest first within each organisation."""
    with connection.cursor(row_factory=class_row(Setting)) as cursor:
        return cursor.execute(_SQL["settings"], {"org_id": org_id, "name": name}).fetchall()


def values_in_force(connection: Connection, org_id: int, at: datetime, route: str | None = None) -> dict[str, float]:
    """The thresholds that an organisation has set, as they are at a moment; those of a route before its own."""
    rows = connection.execute(_SQL["in_force"], {"org_id": org_id, "at": at, "route": route}).fetchall()
    return {row["name"]: row["value"] for row in rows if row["value"] is not None}
