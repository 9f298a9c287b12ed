"""Lanes: devices fall into 64 of them, and a worker that holds a lane's advisory lock judges its devices alone.

Locks belong to the session that writes the conclusions, so a worker that lost its locks cannot write either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from store.conclusions import Judged
from store.pool import Connection
from store.statements import statements

LANES: Final = 64
_SPACE: Final = 0x67656F66  # of advisory locks; key 64 in it is shared by all workers that live
_SQL: Final = statements("lanes")


class LaneCursor(NamedTuple):
    """How far a lane has been judged, in the orders of stored batches and of plan changes."""

    batch: int
    plan: int


class Clock(NamedTuple):
    """An organisation's event time: its newest fix, when that was stored, and the last tick."""

    newest_fix_at: datetime
    newest_stored_at: datetime
    ticked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LaneState:
    """Where a lane stands, with the clock of each organisation."""

    lane: int
    cursor: LaneCursor
    clocks: Mapping[int, Clock]


class PlanChange(NamedTuple):
    """From `since` on the plan of a device (None: of all the organisation's) says something else.

    Or, `of_sensors`, what a sensor is fitted to or what the books say of it does.
    """

    cursor: int
    org_id: int
    device_id: int | None
    since: datetime
    of_sensors: bool = False


def lane_of(device_id: int) -> int:
    """Device numbers are given in sequence, so their lowest bits spread them evenly."""
    return device_id % LANES


def join_workers(connection: Connection) -> None:
    """Let this session count as a worker for as long as it lives."""
    connection.execute(_SQL["join_workers"], {"space": _SPACE})


def count_workers(connection: Connection) -> int:
    """How many sessions share the lanes."""
    row = connection.execute(_SQL["count_workers"], {"space": _SPACE}).fetchone()
    return int(row["workers"]) if row else 1


def take_lanes(connection: Connection, wanted: Iterable[int], limit: int) -> list[int]:
    """Lock up to `limit` of the `wanted` lanes that nobody holds, and return them."""
    rows = connection.execute(_SQL["take_lanes"], {"space": _SPACE, "lanes": sorted(wanted), "limit": limit})
    return [row["lane"] for row in rows]


def release_lanes(connection: Connection, lanes: Iterable[int]) -> None:
    """Give lanes up to other workers."""
    connection.execute(_SQL["release_lanes"], {"space": _SPACE, "lanes": sorted(lanes)}).fetchall()


def lane_states(connection: Connection, lanes: Iterable[int]) -> list[LaneState]:
    """Where `lanes` stand."""
    wanted = {"lanes": sorted(lanes)}
    clocks: dict[int, dict[int, Clock]] = {}
    for row in connection.execute(_SQL["clocks"], wanted):
        clock = Clock(row["newest_fix_at"], row["newest_stored_at"], row["ticked_at"])
        clocks.setdefault(row["lane"], {})[row["org_id"]] = clock
    rows = connection.execute(_SQL["lanes"], wanted)
    return [
        LaneState(row["lane"], LaneCursor(row["batch_cursor"], row["plan_cursor"]), clocks.get(row["lane"], {})) for row in rows
    ]


def move_lanes(connection: Connection, lanes: Iterable[int], cursor: LaneCursor) -> None:
    """Let `lanes` stand at `cursor`."""
    connection.execute(_SQL["move_lanes"], {"lanes": sorted(lanes), "batch_cursor": cursor.batch, "plan_cursor": cursor.plan})


def save_clocks(connection: Connection, lanes: Iterable[int], clocks: Mapping[int, Clock]) -> None:
    """Store, for each of `lanes`, the clock of each organisation in `clocks`."""
    saved = sorted(lanes)
    rows = [{"lanes": saved, "org_id": org_id, **clock._asdict()} for org_id, clock in clocks.items()]
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["save_clock"], rows)


def plan_changes_after(connection: Connection, cursor: int) -> list[PlanChange]:
    """What was planned after `cursor`, oldest first; only what nothing can still appear before."""
    return [PlanChange(**row) for row in connection.execute(_SQL["plan_changes_after"], {"cursor": cursor})]


def registered_devices(connection: Connection) -> list[tuple[Judged, bool]]:
    """All devices, and whether each is active, which means judged."""
    rows = connection.execute(_SQL["registered_devices"])
    return [(Judged(row["device_id"], row["org_id"], row["device_key"]), row["is_active"]) for row in rows]
