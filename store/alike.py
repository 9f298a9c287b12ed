"""What devices did that others of the fleet may have done, too, and the events that this excuses.

All of it happens under one lock of the organisation, so that workers of different lanes see what the other stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("alike")
_SPACE: Final = 0x616C696B  # of advisory locks
_CELL_E7: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class AlikeRow:
    """One thing that a device did; the geofence's `Alike` as it is stored."""

    alike_id: str
    kind: str
    device_id: int
    device_key: str
    at: datetime
    decided_at: datetime
    longitude_e7: int
    latitude_e7: int
    event_id: str | None
    vehicles: int
    within_m: float
    within_s: float
    course_deg: float | None


class _Spot(NamedTuple):
    """Where and when something changed."""

    kind: str
    at: datetime
    x: int
    y: int


def lock_alike(connection: Connection, org_id: int) -> None:
    """Until the transaction ends, nobody else changes what the organisation's devices did alike, nor excuses its events."""
    connection.execute(_SQL["lock_organisation"], {"space": _SPACE, "org_id": org_id}).fetchall()


def replace_alike(
    connection: Connection, org_id: int, rows: Sequence[AlikeRow], sinces: Mapping[int, datetime]
) -> list[tuple[str, datetime, int, int]]:
    """Store rows; of the devices in `sinces` they are all that was decided since. Kind, time and place of what changed."""
    known = {"device_ids": list(sinces), "sinces": list(sinces.values())}
    before = {row["alike_id"]: row for row in connection.execute(_SQL["alike_since"], known)} if sinces else {}
    given = {row.alike_id: row for row in rows}
    gone = [row for alike_id, row in before.items() if alike_id not in given]
    new = [row for alike_id, row in given.items() if alike_id not in before]
    if gone:
        connection.execute(_SQL["delete_alike"], {"org_id": org_id, "alike_ids": [row["alike_id"] for row in gone]})
    with connection.cursor() as cursor:
        names = [name for name in AlikeRow.__dataclass_fields__ if name != "device_key"]
        cursor.executemany(
            _SQL["insert_alike"], [{"org_id": org_id, **{name: getattr(row, name) for name in names}} for row in new]
        )
    changed = [(row["kind"], row["at"], row["longitude_e7"], row["latitude_e7"]) for row in gone]
    return changed + [(row.kind, row.at, row.longitude_e7, row.latitude_e7) for row in new]


def spots_of_events(connection: Connection, org_id: int, event_ids: Collection[str]) -> list[tuple[str, datetime, int, int]]:
    """Kind, time and place of what devices did that events are about."""
    rows = connection.execute(_SQL["alike_of_events"], {"org_id": org_id, "event_ids": list(event_ids)})
    return [(row["kind"], row["at"], row["longitude_e7"], row["latitude_e7"]) for row in rows]


def weigh(
    connection: Connection,
    org_id: int,
    changed: Iterable[tuple[str, datetime, int, int]],
    span: timedelta,
    excused: Callable[[Sequence[AlikeRow]], set[str]],
) -> None:
    """Excuse events around what changed, and hold those no longer excused; `span` is how far apart in time things may be."""
    spots = {_Spot(kind, at, int(x / _CELL_E7), int(y / _CELL_E7)) for kind, at, x, y in changed}
    if not spots:
        return
    columns = {f"{name}s": [getattr(spot, name) for spot in spots] for name in _Spot._fields}
    found = connection.execute(_SQL["alike_around"], {"org_id": org_id, "span": span, **columns})
    rows = [AlikeRow(**{name: row[name] for name in AlikeRow.__dataclass_fields__}) for row in found]
    gone = excused(rows)
    near = {row.event_id for row in rows if row.event_id is not None and any(_is_near(row, spot, span) for spot in spots)}
    out = {"org_id": org_id, "excused_ids": sorted(near & gone)}
    connection.execute(_SQL["excuse_events"], {"org_id": org_id, "event_ids": out["excused_ids"]})
    connection.execute(_SQL["hold_events"], {**out, "event_ids": sorted(near - gone)})


def thin_alike(connection: Connection, newest: Mapping[int, datetime]) -> None:
    """Forget, by device and its newest moment, what is too old for any correction."""
    if newest:
        connection.execute(_SQL["thin_alike"], {"device_ids": list(newest), "ats": list(newest.values())})


def _is_near(row: AlikeRow, spot: _Spot, span: timedelta) -> bool:
    """Near enough that all of its own neighbours were read."""
    apart = abs(int(row.longitude_e7 / _CELL_E7) - spot.x), abs(int(row.latitude_e7 / _CELL_E7) - spot.y)
    return row.kind == spot.kind and max(apart) <= 1 and abs(row.at - spot.at) <= span
