"""Who is told of which alerts, on which channel, from which severity on, and when: each person's matrix."""

from __future__ import annotations

import re
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.access import Access, Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import IfMatch, check_known, tag
from domain.errors import InvalidInputError, NotFoundError
from domain.events import Severity
from domain.recipients import EVERY_RULE
from domain.recipients import Recipient as Cell
from store import recipients
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/recipients", tags=["alerts"])


class Channel(StrEnum):
    """A way to reach somebody; `chat` is Telegram, WhatsApp, Teams, Slack, SMS and what else apprise reaches."""

    log = "log"
    webhook = "webhook"
    email = "email"
    chat = "chat"
    push = "push"


_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")


class Wish(BaseModel):
    """What a person wants to hear of one rule, or of every rule, on one channel."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    address: str = Field("", max_length=2000, examples=["asha@distributor.example"])
    least_severity: Severity | None = Field(Severity.medium, description="Nothing below it; null: nothing at all.")
    level: int = Field(0, ge=0, le=9, description="0 hears at once, 1 and up when nobody acknowledges it in time.")
    territory: str | None = Field(None, max_length=200, description="Only of what happens inside this zone.")
    quiet_from: time | None = Field(None, description="Local time; only what is critical comes through.", examples=["22:00:00"])
    quiet_until: time | None = Field(None, examples=["06:00:00"])
    time_zone: str = Field("UTC", max_length=64, examples=["Asia/Kolkata"])
    wants_digest: bool = Field(False, description="One message at the end of each day.")

    @model_validator(mode="after")
    def _quiet_hours_have_both_ends(self) -> Wish:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until: give both, or neither")
        return self


class Recipient(Wish):
    """A cell of somebody's matrix."""

    person: str = Field(examples=["asha"])
    channel: str = Field(examples=["email"])
    rule: str = Field(description="`*`: every rule that has no row of its own.", examples=["missed_stop"])


class ListedRecipient(Recipient):
    """A cell as it is listed."""

    changed_at: datetime


Person = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", examples=["asha"])]
Rule = Annotated[str, Path(max_length=60, pattern=r"^(\*|[a-z][a-z0-9_]*)$", examples=[EVERY_RULE])]


@router.get("", operation_id="list_recipients")
def list_recipients(
    caller: Administrator,
    asked: Listed,
    person: Annotated[str | None, Query(max_length=200)] = None,
    channel: Channel | None = None,
    rule: Annotated[str | None, Query(max_length=60)] = None,
) -> RecordPage[ListedRecipient]:
    """Everybody's matrix. Where nobody is named, alerts are only logged."""

    def read(connection: Connection, part: Part) -> list[recipients.Cell]:
        return recipients.list_recipients(connection, caller.org_id, person=person, channel=channel, rule=rule, part=part)

    return record_page(caller, recipients.CELLS, asked, read, _listed)


@router.get("/{person}/{channel}/{rule}", operation_id="get_recipient", responses=problem_responses(404))
def get_recipient(caller: Administrator, person: Person, channel: Channel, rule: Rule, response: Response) -> ListedRecipient:
    """One cell."""
    with caller.transaction() as connection:
        cell = recipients.find_recipient(connection, caller.org_id, person, channel, rule)
    if cell is None:
        raise NotFoundError("recipient", f"{person} {channel} {rule}")
    response.headers["etag"] = tag(cell.changed_at)
    return _listed(cell)


@router.put("/{person}/{channel}/{rule}", operation_id="save_recipient", responses=problem_responses(412, 422))
def save_recipient(
    caller: Administrator, person: Person, channel: Channel, rule: Rule, wish: Wish, if_match: IfMatch = None
) -> Recipient:
    """Insert or replace one cell."""
    if channel is Channel.email and wish.address and not _MAIL.fullmatch(wish.address):
        raise InvalidInputError("address", "is no mail address such as asha@distributor.example")
    cell = Cell(person=person, channel=channel.value, rule=rule, **wish.model_dump())
    with caller.transaction() as connection:
        _check(connection, caller, (person, channel, rule), if_match)
        recipients.save_recipient(connection, caller.org_id, cell)
        after = wish.model_dump(mode="json", exclude={"address"})  # addresses may hold secrets
        caller.note(connection, _change("recipient.save", person, channel, rule, after))
    return Recipient.model_validate(cell)


@router.delete(
    "/{person}/{channel}/{rule}", operation_id="delete_recipient", status_code=204, responses=problem_responses(404, 412)
)
def delete_recipient(caller: Administrator, person: Person, channel: Channel, rule: Rule, if_match: IfMatch = None) -> None:
    """Remove one cell."""
    with caller.transaction() as connection:
        _check(connection, caller, (person, channel, rule), if_match)
        recipients.delete_recipient(connection, caller.org_id, person, channel, rule)
        caller.note(connection, _change("recipient.delete", person, channel, rule, None))


def _check(connection: Connection, caller: Access, named: tuple[str, Channel, str], if_match: str | None) -> None:
    cell = None if if_match is None else recipients.find_recipient(connection, caller.org_id, *named, lock=True)
    check_known(if_match, None if cell is None else cell.changed_at)


def _listed(cell: recipients.Cell) -> ListedRecipient:
    return ListedRecipient(**Recipient.model_validate(cell.recipient).model_dump(), changed_at=cell.changed_at)


def _change(action: str, person: str, channel: str, rule: str, after: dict[str, object] | None) -> Change:
    return Change(action=action, kind="recipient", identifier=f"{person}/{channel}/{rule}", after=after)
