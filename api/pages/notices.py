"""The page of who is told of what, when, and whether it reached them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Administrator
from api.own_clock import clock_of
from api.pages.drawing import back_to, page
from api.pages.forms import REFUSALS, refusals
from api.resources.duties import Duty, create_duty, delete_duty
from api.resources.recipients import Channel, Person, Rule, Wish, delete_recipient, save_recipient
from domain.errors import InvalidInputError, NotFoundError
from domain.events import Severity
from store import mailbox, recipients
from store.listing import Part

router = APIRouter(prefix="/console/notices", include_in_schema=False)

_HERE: Final = "/console/notices"
_MOST: Final = Part(limit=1000)
_NEWEST: Final = Part(limit=30)
_DAY: Final = timedelta(days=1)


@router.get("")
def notices_page(request: Request, caller: Administrator, person: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Everybody's wishes, the rota, and the newest messages; the forms begin with `person`, if one is given."""
    return _shown(request, caller, said={"person": person}, duty={"person": person})


def _shown(
    request: Request,
    caller: Access,
    *,
    said: dict[str, Any] | None = None,
    duty: dict[str, Any] | None = None,
    refused: dict[str, str] | None = None,
    duty_refused: dict[str, str] | None = None,
) -> HTMLResponse:
    with caller.transaction() as connection:
        cells = [cell.recipient for cell in recipients.list_recipients(connection, caller.org_id, part=_MOST)]
        duties = recipients.list_duties(connection, caller.org_id, part=_MOST)
        sent = mailbox.list_messages(connection, mailbox.MessageFilter(), _NEWEST)
    zone = clock_of(caller).key
    answer = page(
        request,
        "notices.html",
        cells=cells,
        duties=duties,
        messages=sent,
        channels=list(Channel),
        severities=list(Severity),
        said={"channel": "email", "least_severity": "medium", "level": "0", "time_zone": zone, **(said or {})},
        duty={"time_zone": zone, **(duty or {})},
        refused=refused or {},
        duty_refused=duty_refused or {},
    )
    answer.status_code = 422 if refused or duty_refused else 200
    return answer


@router.post("/wishes")
def save_wish(
    request: Request,
    caller: Administrator,
    person: Annotated[str, Form(min_length=1, max_length=200)],
    channel: Annotated[Channel, Form()],
    rule: Annotated[str, Form(max_length=60, pattern=r"^(\*|[a-z][a-z0-9_]*|)$")] = "*",
    address: Annotated[str, Form(max_length=2000)] = "",
    least_severity: Annotated[str, Form(max_length=20)] = "medium",
    level: Annotated[int, Form(ge=0, le=9)] = 0,
    territory: Annotated[str, Form(max_length=200)] = "",
    quiet_from: Annotated[str, Form(max_length=8)] = "",
    quiet_until: Annotated[str, Form(max_length=8)] = "",
    time_zone: Annotated[str, Form(max_length=64)] = "UTC",
    wants_digest: Annotated[bool, Form()] = False,
) -> Response:
    """Say what somebody wants to hear, by what."""
    said = {"address": address, "level": level, "territory": territory, "quiet_from": quiet_from, "quiet_until": quiet_until}
    said |= {"least_severity": least_severity, "time_zone": time_zone or "UTC", "wants_digest": wants_digest}
    empty = dict.fromkeys(name for name in ("least_severity", "territory", "quiet_from", "quiet_until") if not said[name])
    try:
        save_recipient(caller, person, channel, rule or "*", Wish.model_validate({**said, **empty}))
    except REFUSALS as error:
        said |= {"person": person, "channel": channel.value, "rule": rule}
        return _shown(request, caller, said=said, refused=refusals(error, said, "quiet_until"))
    return back_to(_HERE)


@router.post("/wishes/{person}/{channel}/{rule}/delete")
def forget_wish(caller: Administrator, person: Person, channel: Channel, rule: Rule) -> Response:
    """Tell them no more."""
    return _do(lambda: delete_recipient(caller, person, channel, rule))


@router.post("/duties")
def save_duty(
    request: Request,
    caller: Administrator,
    person: Annotated[str, Form(min_length=1, max_length=200)],
    day: Annotated[str, Form(max_length=10)],
    opens: Annotated[str, Form(max_length=8)],
    closes: Annotated[str, Form(max_length=8)],
    time_zone: Annotated[str, Form(max_length=64)] = "UTC",
) -> Response:
    """Put somebody on the rota; what ends no later than it begins, ends the day after."""
    said = {"person": person, "day": day, "opens": opens, "closes": closes, "time_zone": time_zone}
    try:
        since, until = (_at(name, day, said[name], time_zone) for name in ("opens", "closes"))
        create_duty(caller, Duty(person=person, since=since, until=until if until > since else _day_after(until)))
    except REFUSALS as error:
        return _shown(request, caller, duty=said, duty_refused=refusals(error, said))
    return back_to(_HERE)


@router.post("/duties/{person}/delete")
def forget_duty(caller: Administrator, person: Person, since: Annotated[datetime, Form()]) -> Response:
    """Take a span off the rota."""
    return _do(lambda: delete_duty(caller, person, since))


def _do(deed: Callable[[], None]) -> Response:
    """Do what may have been done already by somebody else; the page shows how it stands."""
    with suppress(NotFoundError):
        deed()
    return back_to(_HERE)


def _day_after(at: datetime) -> datetime:
    try:
        return at + _DAY
    except OverflowError as error:
        raise InvalidInputError("day", "is the last there is") from error


def _at(field: str, day: str, clock: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise InvalidInputError(field, f"{day} {clock} {zone} is no moment") from error
