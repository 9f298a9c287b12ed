"""Which tracker has been on which vehicle, where a vehicle has had several."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final

from domain.devices import Mount
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("mounts")


def shared_mounts(connection: Connection, since: datetime, *, org_id: int | None = None) -> dict[int, tuple[Mount, ...]]:
    """By organisation, where trackers have been since a moment, on vehicles that have had more than one of them since then."""
    found: dict[int, list[Mount]] = defaultdict(list)
    for row in connection.execute(_SQL["shared_mounts"], {"since": since, "org_id": org_id}):
        found[row["org_id"]].append(Mount(**row))
    return {org: tuple(mounts) for org, mounts in found.items()}
