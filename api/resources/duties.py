"""The rota: who is on duty when. Whoever is never on it always is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from domain.errors import InvalidInputError
from store import recipients
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/duties", tags=["alerts"])


class Duty(Given):
    """A span of time that a person is on duty; messages reach them only then."""

    model_config = ConfigDict(from_attributes=True)

    person: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", examples=["asha"])
    since: AwareDatetime = Field(examples=["2030-03-02T06:00:00Z"])
    until: AwareDatetime = Field(examples=["2030-03-02T14:00:00Z"])


class ListedDuty(Duty):
    """A span as it is listed."""

    changed_at: datetime


Person = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$")]
Since = Annotated[AwareDatetime, Query(description="As listed.")]


@router.get("", operation_id="list_duties")
def list_duties(
    caller: Administrator,
    asked: Listed,
    person: Annotated[str | None, Query(max_length=200)] = None,
    at: Annotated[AwareDatetime | None, Query(description="Who is on duty at this moment.")] = None,
) -> RecordPage[ListedDuty]:
    """The rota of the organisation, in order of time."""

    def read(connection: Connection, part: Part) -> list[recipients.Duty]:
        return recipients.list_duties(connection, caller.org_id, person=person, at=at, part=part)

    return record_page(caller, recipients.DUTIES, asked, read, ListedDuty.model_validate)


@router.post("", operation_id="create_duty", status_code=201, responses=problem_responses(422))
def create_duty(caller: Administrator, duty: Duty) -> Duty:
    """Put somebody on the rota."""
    if duty.until <= duty.since:
        raise InvalidInputError("until", "must be after `since`")
    with caller.transaction() as connection:
        recipients.save_duty(connection, caller.org_id, duty.person, duty.since, duty.until)
        caller.note(connection, _change("duty.create", duty.person, duty.since))
    return duty


@router.delete("/{person}", operation_id="delete_duty", status_code=204, responses=problem_responses(404))
def delete_duty(caller: Administrator, person: Person, since: Since) -> None:
    """Take the duty that begins then off the rota."""
    with caller.transaction() as connection:
        recipients.delete_duty(connection, caller.org_id, person, since)
        caller.note(connection, _change("duty.delete", person, since))


def _change(action: str, person: str, since: datetime) -> Change:
    return Change(action=action, kind="duty", identifier=f"{person}/{since.isoformat()}")
