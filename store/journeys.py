"""Trips as they are carried out: where each is in its life, who drives, and every step it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from domain.errors import InvalidInputError, NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("journeys")


@dataclass(frozen=True, slots=True)
class Journey:
    """A trip that is about to be, is being, or was carried out."""

    org_id: int
    trip_id: str
    device_id: int
    device_key: str
    vehicle_id: str
    driver_id: str | None
    depot_id: str | None
    state: str
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """When a trip came into a state, and who said so."""

    state: str
    at: datetime
    actor: str
    note: str | None


def changed_at(connection: Connection, journey: Journey) -> datetime:
    """When the trip was changed last, by its plan, its life or a visit."""
    row = connection.execute(_SQL["changed_at"], {"org_id": journey.org_id, "trip_id": journey.trip_id}).fetchone()
    assert row is not None  # whoever has a journey has read its trip
    moment: datetime = row["changed_at"]
    return moment


def journey_named(connection: Connection, trip_id: str, *, org_id: int | None = None, lock: bool = False) -> Journey:
    """The trip of `org_id`, else one's own organisation's first; locked until the transaction ends if so wished.

    Raises NotFoundError.
    """
    wanted = {"trip_id": trip_id, "org_id": org_id}
    with connection.cursor(row_factory=class_row(Journey)) as cursor:
        found = cursor.execute(_SQL["find"], wanted).fetchone()
        if found is None:
            raise NotFoundError("trip", trip_id)
        if not lock:
            return found
        of_it = {"trip_id": trip_id, "org_id": found.org_id}
        cursor.execute(_SQL["lock"], of_it)
        locked = cursor.execute(_SQL["find"], of_it).fetchone()
    assert locked is not None  # it is ours now
    return locked


def is_driven_by(connection: Connection, journey: Journey, person_id: int | None) -> bool:
    """Whether this person is the trip's driver."""
    row = {"org_id": journey.org_id, "driver_id": journey.driver_id, "person_id": person_id}
    return connection.execute(_SQL["is_driver"], row).fetchone() is not None


def driven_by(connection: Connection, person_id: int | None, since: datetime, until: datetime) -> list[Journey]:
    """Trips of a span that this person drives; of nobody in particular: all."""
    with connection.cursor(row_factory=class_row(Journey)) as cursor:
        return cursor.execute(_SQL["driven_by"], {"person_id": person_id, "since": since, "until": until}).fetchall()


def step(connection: Connection, journey: Journey, state: str, actor: str, note: str | None = None) -> None:
    """Bring the trip into `state` and write that down."""
    row = {"org_id": journey.org_id, "trip_id": journey.trip_id, "state": state, "actor": actor, "note": note}
    connection.execute(_SQL["set_state"], row)
    connection.execute(_SQL["add_step"], row)


def steps(connection: Connection, journey: Journey) -> list[Step]:
    """All steps, oldest first."""
    with connection.cursor(row_factory=class_row(Step)) as cursor:
        return cursor.execute(_SQL["steps"], {"org_id": journey.org_id, "trip_id": journey.trip_id}).fetchall()


def assign_driver(connection: Connection, org_id: int, trip_id: str, driver_id: str | None) -> None:
    """Let somebody else drive a trip. Raises InvalidInputError for who is no driver, or not an active one."""
    row = {"org_id": org_id, "trip_id": trip_id, "driver_id": driver_id}
    if driver_id is not None:
        driver = connection.execute(_SQL["driver_state"], row).fetchone()
        if driver is None:
            raise InvalidInputError("driver_id", f"there is no driver {driver_id!r}")
        if driver["state"] != "active":
            raise InvalidInputError("driver_id", f"driver {driver_id!r} is {driver['state']}")
    connection.execute(_SQL["assign_driver"], row)


def set_depot(connection: Connection, journey: Journey, depot_id: str) -> None:
    """Say where in the ledger the load comes from."""
    row = {"org_id": journey.org_id, "trip_id": journey.trip_id, "depot_id": depot_id}
    connection.execute(_SQL["set_depot"], row)
