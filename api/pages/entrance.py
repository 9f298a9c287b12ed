"""The console's door: a page to sign in on, and a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access import COOKIE, Gate, SignedIn
from api.pages.drawing import page
from api.resources.sign_in import CONSOLE_FOR, sign_in
from domain.errors import NotSignedInError
from domain.people import PERMISSIONS, Permission
from store import people

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request, then: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """Ask for login and password."""
    return page(request, "sign_in.html", then=_own(then), login="", refusal=None)


@router.post("/sign-in")
def sign_in_by_form(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    code: Annotated[str, Form(max_length=50)] = "",
    then: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Begin a session of half a day and go where one wanted to go."""
    gate: Gate = request.app.state.gate
    try:
        answer = sign_in(gate.pool, login, password, request.headers.get("user-agent"), CONSOLE_FOR, code or None)
    except NotSignedInError as error:
        refused = page(request, "sign_in.html", then=_own(then), login=login, refusal=f"{error}.".capitalize())
        refused.status_code = 401
        return refused
    target = _own(then)
    if target == "/":
        target = _home(PERMISSIONS[gate.holder(answer.access_token).role])
    response = RedirectResponse(target, status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, answer.access_token, max_age=answer.expires_in, httponly=True, samesite="lax", secure=secure)
    return response


@router.post("/sign-out")
def sign_out(caller: SignedIn) -> Response:
    """End the session."""
    if caller.person_id is not None and caller.session_id is not None:
        with caller.transaction() as connection:
            people.revoke_session(connection, caller.person_id, caller.session_id, "signed_out")
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def _home(permissions: frozenset[Permission]) -> str:
    """Where somebody's day begins."""
    if Permission.observe not in permissions:
        return "/driver" if Permission.deliver in permissions else "/console/tables"
    at_the_ramp = Permission.load in permissions and Permission.plan not in permissions
    return "/console/loads" if at_the_ramp else "/"


def _own(address: str) -> str:
    """Only addresses of ours are gone to."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"
