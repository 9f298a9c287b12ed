"""Carrying a trip out: who may touch it, and how it comes from one state of its life into the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from api.access import Access
from api.versions import check_unchanged, tag
from domain.errors import InvalidInputError, NotFoundError
from domain.people import Permission, Role
from domain.trip_life import TRIP
from store import journeys
from store.audit import Change
from store.journeys import Journey
from store.pool import Connection

AHEAD: Final = timedelta(minutes=2)
"""A phone's clock may be so far ahead of ours."""


def held_trip(
    caller: Access, connection: Connection, trip_id: str, if_match: str | None = None, *, org_id: int | None = None
) -> Journey:
    """The trip of `org_id`, else one's own organisation's first, locked until the transaction ends.

    Raises NotFoundError, also for a driver who is not its own, and OutdatedError when it is not what `if_match` names.
    """
    journey = journeys.journey_named(connection, trip_id, org_id=org_id, lock=True)
    _refuse_other_drivers(caller, connection, journey)
    if if_match is not None:
        check_unchanged(if_match, journeys.changed_at(connection, journey))
    return journey


def shown_trip(caller: Access, connection: Connection, trip_id: str) -> Journey:
    """The trip, to look at. Raises NotFoundError like `held_trip`."""
    journey = journeys.journey_named(connection, trip_id)
    _refuse_other_drivers(caller, connection, journey)
    return journey


def trip_tag(connection: Connection, journey: Journey) -> str:
    """The ETag of a trip, which is also that of its load-out, settlement and closure."""
    return tag(journeys.changed_at(connection, journey))


def is_of_another_driver(caller: Access, connection: Connection, journey: Journey) -> bool:
    """Whether a driver asks for a trip that somebody else drives."""
    return caller.role is Role.driver and not journeys.is_driven_by(connection, journey, caller.person_id)


def _refuse_other_drivers(caller: Access, connection: Connection, journey: Journey) -> None:
    if is_of_another_driver(caller, connection, journey):
        raise NotFoundError("trip", journey.trip_id)


def advance(caller: Access, connection: Connection, journey: Journey, state: str, note: str | None = None) -> None:
    """Bring the trip into `state`. Raises TransitionError naming what may follow, and NotAllowedError."""
    TRIP.check(journey.trip_id, journey.state, state, caller.permissions)
    follow(caller, connection, journey, state, note)


def follow(caller: Access, connection: Connection, journey: Journey, state: str, note: str | None = None) -> None:
    """Like `advance`, for what follows by itself from something that the caller was allowed to do."""
    TRIP.check(journey.trip_id, journey.state, state, frozenset(Permission))
    journeys.step(connection, journey, state, caller.actor, note)
    before, after = {"state": journey.state}, {"state": state, "note": note}
    change = Change(action=f"trip.{state}", kind="trip", identifier=journey.trip_id, before=before, after=after)
    caller.note(connection, change, journey.org_id)


def refuse_future(moment: datetime, field: str) -> None:
    """Raise InvalidInputError for what cannot have happened yet."""
    if moment > datetime.now(UTC) + AHEAD:
        raise InvalidInputError(field, "lies in the future; is the phone's clock right?")
