"""Figures of many trips, stops and orders, one statement a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, LiteralString

from domain.reports import Grouping, Report
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("reports")
_KEYS: Final[Mapping[Grouping, LiteralString]] = {
    Grouping.day: "trip.day",
    Grouping.route: "trip.route",
    Grouping.driver: "trip.driver",
    Grouping.vehicle: "trip.vehicle",
    Grouping.outlet: "trip.outlet",
    Grouping.distributor: "trip.distributor",
}


def run(connection: Connection, report: Report, by: Grouping, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The rows of a report from `since` to before `until`: `key`, null where it is not known, and each figure by name."""
    # The grouping is a name of our own; a parameter would keep the planner from knowing the column.
    statement = _SQL.get(f"{report.name}_by_{by}", _SQL.get(report.name, "")).replace("{key}", _KEYS[by])
    return [dict(row) for row in connection.execute(statement, {"since": since, "until": until})]
