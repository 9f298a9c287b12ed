"""Events: what the rules concluded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.places import Place
from api.versions import tag
from domain.errors import NotFoundError
from domain.events import Severity
from domain.wording import title
from store import journal
from store.journal import EventFilter, JournalEvent
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/events", tags=["events"])


class Event(BaseModel):
    """One conclusion of one rule; `ended_at` is null while it lasts, `superseded_at` is set once later data overturned it."""

    model_config = ConfigDict(from_attributes=True)

    event_id: str
    rule: str = Field(examples=["missed_stop"])
    title: str = Field(examples=["Missed stop"])
    severity: Severity
    vehicle_id: str
    device_key: str
    trip_id: str | None
    stop_id: str | None
    started_at: datetime
    ended_at: datetime | None
    detected_at: datetime = Field(description="The fix or tick that decided, in event time.")
    confidence: float = Field(ge=0, le=1)
    late: bool = Field(description="Found by data that came after it should have been known.")
    supersedes: str | None
    superseded_at: datetime | None
    superseded_because: str | None
    changed_at: datetime
    place: Place | None = Field(description="Where it happened, as far as that is known.")
    facts: dict[str, Any] = Field(description="The numbers that decided.")


@router.get("", operation_id="list_events")
def list_events(
    caller: Caller,
    listed: Listed,
    rule: Annotated[list[str] | None, Query(description="Of one of these rules.")] = None,
    severity: Annotated[list[Severity] | None, Query(description="Of one of these severities.")] = None,
    vehicle_id: Annotated[str | None, Query(max_length=200)] = None,
    trip_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Started at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Started before this time.")] = None,
    superseded: Annotated[
        bool | None, Query(description="Also those that later data overturned; so they are told with `changed_since`.")
    ] = None,
) -> RecordPage[Event]:
    """Events, the newest first."""
    wanted = EventFilter(
        rules=rule,
        severities=severity,
        vehicle_id=vehicle_id,
        trip_id=trip_id,
        since=since,
        until=until,
        superseded=listed.changed_since is not None if superseded is None else superseded,
    )

    def read(connection: Connection, part: Part) -> list[JournalEvent]:
        return journal.list_events(connection, wanted, part)

    return record_page(caller, journal.LISTING, listed, read, event_of)


@router.get("/{event_id}", operation_id="get_event", responses=problem_responses(404))
def get_event(caller: Caller, event_id: Annotated[str, Path(max_length=200)], response: Response) -> Event:
    """One event, also when it was superseded."""
    with caller.transaction() as connection:
        row = journal.find_event(connection, event_id)
    if row is None:
        raise NotFoundError("event", event_id)
    response.headers["etag"] = tag(row.change_no)
    return event_of(row)


def event_of(row: JournalEvent) -> Event:
    """A stored event as the API shows it."""
    values = {name: getattr(row, name) for name in Event.model_fields if name not in {"title", "place"}}
    return Event(**values, title=title(row.rule), place=Place.model_validate(row.place) if row.place else None)
