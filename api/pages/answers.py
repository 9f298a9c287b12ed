"""The page behind the signed links in messages: whoever got the message answers the alert there without signing in.

Looking changes nothing, since mail programs open links by themselves; the button does.
"""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse

from api.access import Access, Gate
from api.pages.drawing import page
from api.resources.alert_handling import acknowledge, resolve
from api.resources.alerts import Alert, alert_of
from domain.errors import BeatwatchError, ConflictError, InvalidInputError, NotFoundError
from domain.links import Answer, Grant, unseal
from domain.people import Role
from store import inbox
from store.inbox import Resolution

router = APIRouter(prefix="/answer", include_in_schema=False)

Token = Annotated[str, Path(max_length=2000)]
_SAID: Final = {
    Answer.acknowledge: "Take it on",
    Answer.confirm: "Close it: it was right",
    Answer.dismiss: "Close it: false alarm",
}


@router.get("/{token}")
def answer_page(request: Request, token: Token) -> HTMLResponse:
    """Show the alert and ask whether the answer is meant."""
    try:
        grant = _grant(request, token)
        return _shown(request, grant, _alert(_caller(request, grant), grant.alert_id))
    except (InvalidInputError, NotFoundError) as error:
        return _refused(request, error, 404)


@router.post("/{token}")
def answer_alert(request: Request, token: Token, reason: Annotated[str, Form(max_length=2000)] = "") -> HTMLResponse:
    """Give the answer of the link."""
    try:
        grant = _grant(request, token)
        caller = _caller(request, grant)
        return _shown(request, grant, _answered(caller, grant, reason.replace("\0", "") or None), done=True)
    except (InvalidInputError, NotFoundError) as error:
        return _refused(request, error, 404)
    except ConflictError as error:
        return _refused(request, error, 409)


def _grant(request: Request, token: str) -> Grant:
    secret: str = request.app.state.link_secret
    if not secret:
        raise InvalidInputError("token", "links are switched off here")
    return unseal(token, secret.encode(), time.time())


def _caller(request: Request, grant: Grant) -> Access:
    gate: Gate = request.app.state.gate
    return Access(gate.pool, grant.org_id, grant.person, Role.distributor_manager)


def _alert(caller: Access, alert_id: int) -> Alert:
    with caller.transaction() as connection:
        return alert_of(inbox.alert_numbered(connection, alert_id))


def _answered(caller: Access, grant: Grant, reason: str | None) -> Alert:
    if grant.answer is Answer.acknowledge:
        return acknowledge(caller, grant.alert_id, reason)
    resolution = Resolution.confirmed if grant.answer is Answer.confirm else Resolution.false
    return resolve(caller, grant.alert_id, resolution, reason)


def _shown(request: Request, grant: Grant, alert: Alert, *, done: bool = False) -> HTMLResponse:
    may_answer = not done and alert.state != "resolved" and not (grant.answer is Answer.acknowledge and alert.state != "open")
    return page(request, "answer.html", alert=alert, button=_SAID[grant.answer] if may_answer else None, done=done)


def _refused(request: Request, error: BeatwatchError, status: int) -> HTMLResponse:
    return page(request, "answer.html", status_code=status, alert=None, button=None, done=False, refusal=str(error))
