"""Versions of route plans, and which tracker will tell of a plan's vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("route_plans")


def add_version(connection: Connection, org_id: int, route_plan_id: str, plan: Mapping[str, Any], made_by: str) -> None:
    """Keep what a plan says now as its next version."""
    row = {"org_id": org_id, "route_plan_id": route_plan_id, "plan": Jsonb(dict(plan)), "made_by": made_by}
    connection.execute(_SQL["add_version"], row)


def list_versions(connection: Connection, org_id: int, route_plan_id: str) -> list[dict[str, Any]]:
    """What a plan said, the newest first: `version`, `plan`, `made_by`, `made_at`."""
    return connection.execute(_SQL["list_versions"], {"org_id": org_id, "route_plan_id": route_plan_id}).fetchall()


def tracker_on(connection: Connection, org_id: int, vehicle_id: str, moment: datetime) -> str | None:
    """The key of the active tracker that is on a vehicle at a moment, the one mounted last."""
    wanted = {"org_id": org_id, "vehicle_id": vehicle_id, "moment": moment}
    row = connection.execute(_SQL["tracker_on"], wanted).fetchone()
    return row["device_key"] if row else None
