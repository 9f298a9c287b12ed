"""Versions of route plans, and which tracker will tell of a plan's vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("route_plans")


def add_version(connection: Connection, org_id: int, route_plan_id: str, plan: Mapping[str, Any], made_by: str) -> None:
    """Keep what a plan says now as its next version."""
    row = {"org_id": org_id, "route_plan_id": route_plan_id, "plan": Jsonb(dict(plan)), "made_by": made_by}
    connection.execute(_SQL["add_version"], row)


VERSIONS: Final = Listing(
    sorts={name: Identifier(name) for name in ("version", "made_at", "made_by")},
    keys={"version": Identifier("version")},
    changed=SQL("made_at >= %(changed_since)s"),
    newest_first=True,
)


def list_versions(connection: Connection, org_id: int, route_plan_id: str, part: Part = FIRST) -> list[dict[str, Any]]:
    """What a plan said, the newest first unless `part` says otherwise: `version`, `plan`, `made_by`, `made_at`."""
    end, page = ending(VERSIONS, part)
    wanted = {"org_id": org_id, "route_plan_id": route_plan_id, **page}
    return connection.execute(SQL(_SQL["list_versions"]).format(part=end), wanted).fetchall()


def tracker_on(connection: Connection, org_id: int, vehicle_id: str, moment: datetime) -> str | None:
    """The key of the active tracker that is on a vehicle at a moment, the one mounted last."""
    wanted = {"org_id": org_id, "vehicle_id": vehicle_id, "moment": moment}
    row = connection.execute(_SQL["tracker_on"], wanted).fetchone()
    return row["device_key"] if row else None
