"""Load-out: what is expected on the van, what checker and driver count, what is brought to it on the road."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Access, Checker, Participant
from api.errors import problem_responses
from api.journeys import advance, follow, held_trip, shown_trip, trip_tag
from api.loading import put_on_van
from api.records.resource import Given
from api.resources.trips import TripId
from api.versions import IfMatch
from domain.errors import ConflictError, InvalidInputError, NotAllowedError
from domain.loading import differences, expected_load, share_out
from domain.people import Permission, Role
from domain.trip_life import TRIP, TripState
from store import journeys, loads
from store.audit import Change
from store.journeys import Journey
from store.loads import Load, LoadLine
from store.pool import Connection
from store.stock import Cause

router = APIRouter(prefix="/trips/{trip_id}", tags=["trip life"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Pieces = Annotated[int, Field(ge=0, le=10_000_000)]
Counts = dict[str, tuple[int, str | None]]
"""Of each product: how many pieces, and why not as expected."""
_REFUSALS: Final = problem_responses(403, 404, 409, 412, 422)


class ExtraLine(Given):
    """So many pieces of a product."""

    product_id: Name = Field(examples=["cola-500"])
    pieces: Annotated[int, Field(ge=1, le=10_000_000)]


class LoadOpening(Given):
    """Where the goods come from, and what goes along without being ordered, to be sold from the van."""

    depot_id: Name = "depot"
    extra: list[ExtraLine] = Field(default_factory=list, max_length=1000)


class CountedLine(Given):
    """How many pieces somebody counted."""

    product_id: Name
    pieces: Pieces
    reason: Text | None = Field(None, description="Why another number than expected.", examples=["two cases broken"])


class LoadCount(Given):
    """What the checker or the driver counted. What is not named was not there."""

    counted_as: Literal["checker", "driver"] = Field(description="The checker hands over, the driver receives.")
    lines: list[CountedLine] = Field(max_length=1000)
    crates: Annotated[int, Field(ge=0, le=1_000_000, description="Crates that the goods stand in.")] = 0


class LoadOutLine(BaseModel):
    """A product of the load, in pieces; null while not counted."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    name: str
    expected: int = Field(description="By the trip's allocated orders and what else goes along.")
    checked: int | None = Field(description="Counted by the checker.")
    received: int | None = Field(description="Counted by the driver.")
    reason: str | None


class LoadOut(BaseModel):
    """What goes on the van. It is confirmed as soon as checker and driver have counted the same."""

    model_config = ConfigDict(from_attributes=True)

    trip_id: str
    trip_state: TripState
    depot_id: str
    vehicle_id: str
    opened_by: str
    opened_at: datetime
    checker: str | None
    checker_at: datetime | None
    driver: str | None
    driver_at: datetime | None
    confirmed_at: datetime | None
    crates_checked: int | None = Field(description="Counted by the checker.")
    crates_received: int | None = Field(description="Counted by the driver.")
    lines: list[LoadOutLine]
    disagreed: list[str] = Field(
        description="Products that checker and driver counted differently, or did not both count; `crates`, if they differ."
    )


class TopUp(Given):
    """What is brought to a van on the road."""

    top_up_id: Name = Field(description="The same again is not counted again.")
    at: AwareDatetime
    lines: list[ExtraLine] = Field(min_length=1, max_length=1000)


@router.post("/load-out", operation_id="open_load_out", status_code=201, responses=_REFUSALS)
def open_load_out(
    caller: Checker, trip_id: TripId, opening: LoadOpening, response: Response, if_match: IfMatch = None
) -> LoadOut:
    """Begin to load. What is expected comes from the allocated orders of the trip's stops; begun anew, nothing is counted."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if journey.state == "load_confirmed":
            loads.reopen_load(connection, journey)
        if journey.state != "loading":
            advance(caller, connection, journey, "loading")
        expected = Counter(expected_load(loads.wanted_lines(connection, journey)))
        expected.update(Counter({line.product_id: 0 for line in opening.extra}))
        for line in opening.extra:
            expected[line.product_id] += line.pieces
        journeys.set_depot(connection, journey, opening.depot_id)
        loads.open_load(connection, journey, opening.depot_id, caller.actor, expected)
        _note(caller, connection, journey, "load.open", {"expected": dict(expected)})
        return _load_out(connection, trip_id, response)


@router.get("/load-out", operation_id="get_load_out", responses=problem_responses(404))
def get_load_out(caller: Participant, trip_id: TripId, response: Response) -> LoadOut:
    """What goes on the van. Its ETag is that of the trip."""
    with caller.transaction() as connection:
        shown_trip(caller, connection, trip_id)
        return _load_out(connection, trip_id, response)


@router.post("/load-out/counts", operation_id="count_load_out", responses=_REFUSALS)
def count_load_out(
    caller: Participant, trip_id: TripId, count: LoadCount, response: Response, if_match: IfMatch = None
) -> LoadOut:
    """Say what one counted. When checker and driver agree, the load is confirmed and shared out to the order lines."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        _refuse_other_counter(caller, count.counted_as)
        if journey.state not in {"loading", "load_confirmed"}:
            TRIP.check(trip_id, journey.state, "load_confirmed", caller.permissions)
        load, lines = loads.load_of(connection, journey)
        counted = _counted(count, lines)
        if journey.state == "load_confirmed":
            if _is_told_again(count, counted, load, lines):
                return _load_out(connection, trip_id, response)
            TRIP.check(trip_id, journey.state, "load_confirmed", caller.permissions)
        loads.count_load(connection, journey, count.counted_as, caller.actor, counted, count.crates)
        pieces = {product: pieces for product, (pieces, _) in counted.items()}
        told = {"counted_as": count.counted_as, "pieces": pieces, "crates": count.crates}
        _note(caller, connection, journey, "load.count", told)
        _refuse_one_person(caller, count.counted_as, load)
        load, lines = loads.load_of(connection, journey)
        if load.checker_at and load.driver_at and not _disagreed(load, lines):
            _confirm(caller, connection, journey, lines)
        return _load_out(connection, trip_id, response)


@router.post("/top-ups", operation_id="top_up_trip", status_code=201, responses=_REFUSALS)
def top_up(caller: Checker, trip_id: TripId, brought: TopUp, response: Response, if_match: IfMatch = None) -> LoadOut:
    """Write down what was brought to the van on the road."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if journey.state not in {"dispatched", "in_progress", "breakdown"}:
            raise ConflictError(f"trip {trip_id!r} is {journey.state}: a van is topped up on the road")
        pieces: Counter[str] = Counter()
        for line in brought.lines:
            pieces[line.product_id] += line.pieces
        new = put_on_van(caller, connection, journey, pieces, (Cause.top_up, f"{trip_id}/{brought.top_up_id}", brought.at))
        if new:
            _note(caller, connection, journey, "load.top_up", {"top_up_id": brought.top_up_id, "pieces": dict(pieces)})
        return _load_out(connection, trip_id, response)


def _counted(count: LoadCount, lines: Sequence[LoadLine]) -> Counts:
    counted: Counts = {line.product_id: (0, None) for line in lines}
    named = [line.product_id for line in count.lines]
    for number, line in enumerate(count.lines):
        if named.index(line.product_id) != number:
            raise InvalidInputError(f"lines.{number}.product_id", f"{line.product_id!r} was named before")
        counted[line.product_id] = (line.pieces, line.reason)
    return counted


def _is_told_again(count: LoadCount, counted: Counts, load: Load, lines: Sequence[LoadLine]) -> bool:
    """Whether that is what was agreed upon."""
    by_checker = count.counted_as == "checker"
    agreed = {line.product_id: line.checked if by_checker else line.received for line in lines}
    crates = load.crates_checked if by_checker else load.crates_received
    return agreed == {product: pieces for product, (pieces, _) in counted.items()} and crates == count.crates


def _confirm(caller: Access, connection: Connection, journey: Journey, lines: Sequence[LoadLine]) -> None:
    counted = {line.product_id: line.received or 0 for line in lines}
    loads.confirm_load(connection, journey, share_out(counted, loads.wanted_lines(connection, journey)))
    follow(caller, connection, journey, "load_confirmed")


def _refuse_other_counter(caller: Access, counter: str) -> None:
    needed = Permission.load if counter == "checker" else Permission.deliver
    if needed not in caller.permissions:
        raise NotAllowedError(f"{caller.role.called} does not count as the {counter}")


def _refuse_one_person(caller: Access, counter: str, load: Load) -> None:
    """Two people count; where nobody signs in, they cannot be told apart."""
    other = load.driver if counter == "checker" else load.checker
    if caller.person_id is not None and other == caller.actor and caller.role is not Role.platform_administrator:
        raise ConflictError("checker and driver have to be two people")


def _disagreed(load: Load, lines: Sequence[LoadLine]) -> list[str]:
    found = differences({line.product_id: line.checked for line in lines}, {line.product_id: line.received for line in lines})
    both = {load.crates_checked, load.crates_received} - {None}
    return [*found, "crates"] if len(both) > 1 else found


def _load_out(connection: Connection, trip_id: str, response: Response) -> LoadOut:
    journey = journeys.journey_named(connection, trip_id)
    response.headers["etag"] = trip_tag(connection, journey)
    load, lines = loads.load_of(connection, journey)
    return LoadOut(
        trip_id=trip_id,
        trip_state=TripState(journey.state),
        lines=[LoadOutLine.model_validate(line) for line in lines],
        disagreed=_disagreed(load, lines),
        **{name: getattr(load, name) for name in Load.__dataclass_fields__},
    )


def _note(caller: Access, connection: Connection, journey: Journey, action: str, after: Mapping[str, object]) -> None:
    caller.note(connection, Change(action=action, kind="trip", identifier=journey.trip_id, after=after), journey.org_id)
