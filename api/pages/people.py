"""The pages of people: who may sign in, as what, whom they drive as, and their open sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Administrator
from api.listing import ListQuery, record_page
from api.pages.drawing import back_to, page
from api.pages.forms import FORM, REFUSALS, refusals, refused_page
from api.people_keeping import end_sessions, sessions_of
from api.records import keeping
from api.resources.drivers import DRIVERS, DriverRecordChange
from api.resources.people import Login, NewPerson, Person, PersonChange, add_person, change_person, get_person
from domain.errors import BeatwatchError, ConflictError
from domain.people import PERMISSIONS, Permission, Role
from store import catalogue, people, recipients, records
from store.listing import Part
from store.pool import Connection
from store.records import Wanted

router = APIRouter(prefix="/console/people", include_in_schema=False)

_HERE: Final = "/console/people"
_PAGE_SIZE: Final = 100
_ALL: Final = Part(limit=10_000)
_FIELDS: Final = ("login", "name", "role", "state", "password", "driver_id")
_AS: Final = {
    Role.platform_administrator: "everything, everywhere",
    Role.manufacturer_analyst: "looks, changes nothing",
    Role.distributor_manager: "runs a distributor: approves, settles, administers",
    Role.logistics_manager: "plans, watches, handles alerts",
    Role.checker: "counts at the ramp",
    Role.driver: "carries out own trips on the phone",
    Role.field_representative: "sees and proposes outlets, takes orders",
    Role.integrator: "a program of somebody else",
}
Text = Annotated[str, Form(max_length=300)]


@router.get("")
def people_page(
    request: Request, caller: Administrator, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> HTMLResponse:
    """Everybody, and a form for one more."""
    return page(request, "people.html", **_everybody(caller, cursor), said={"role": Role.logistics_manager.value}, refused={})


@router.post("")
def add(
    request: Request, caller: Administrator, login: Text = "", name: Text = "", role: Text = "", password: Text = ""
) -> HTMLResponse:
    """Register somebody; without a password one is made, and shown this once."""
    said = {"login": login.strip().lower(), "name": name.strip(), "role": role}
    made = password or _made_password()
    try:
        added = add_person(caller, NewPerson.model_validate({**said, "password": made}), Response())
    except REFUSALS as error:
        wrong = refusals(error, _FIELDS, "login" if isinstance(error, ConflictError) else FORM)
        return refused_page(request, "people.html", wrong, **_everybody(caller, None), said=said)
    return _shown(request, caller, added.login, made="" if password else made)


@router.get("/{login}")
def person_page(
    request: Request, caller: Administrator, login: Login, refusal: Annotated[str | None, Query(max_length=2000)] = None
) -> HTMLResponse:
    """One of them."""
    return _shown(request, caller, login, refused={FORM: refusal} if refusal else {})


@router.post("/{login}")
def change(
    request: Request,
    caller: Administrator,
    login: Login,
    name: Text = "",
    role: Text = "",
    state: Text = "",
    driver_id: Text = "",
) -> Response:
    """Change name, role, state or whom they drive as. Sessions end with all but the last."""
    said = {"name": name.strip(), "role": role, "state": state, "driver_id": driver_id}
    before = get_person(caller, login, Response())
    changed = {one: said[one] or None for one in ("name", "role", "state") if said[one] != getattr(before, one)}
    try:
        if any(changed.values()):
            change_person(caller, login, PersonChange.model_validate(changed), Response())
        _drive_as(caller, login, driver_id.strip())
    except REFUSALS as error:
        return _shown(request, caller, login, refused=refusals(error, _FIELDS), said=said)
    return back_to(f"{_HERE}/{login}")


@router.post("/{login}/password")
def renew_password(request: Request, caller: Administrator, login: Login, password: Text = "") -> HTMLResponse:
    """Give somebody another password, and end their sessions; one that was made is shown this once."""
    made = password or _made_password()
    try:
        change_person(caller, login, PersonChange.model_validate({"password": made}), Response())
    except REFUSALS as error:
        return _shown(request, caller, login, refused=refusals(error, _FIELDS))
    return _shown(request, caller, login, made="" if password else made)


@router.post("/{login}/sessions/end")
def end_session(caller: Administrator, login: Login, session_id: Annotated[str, Form(max_length=50)] = "") -> Response:
    """End a session of somebody's, or all."""
    return _do(login, lambda: end_sessions(caller, login, UUID(session_id) if session_id else None))


def _do(login: str, deed: Callable[[], object]) -> Response:
    try:
        deed()
    except BeatwatchError as error:
        return back_to(f"{_HERE}/{login}", error)
    except ValueError:
        return back_to(f"{_HERE}/{login}", ConflictError("that is no session"))
    return back_to(f"{_HERE}/{login}")


def _everybody(caller: Access, cursor: str | None) -> dict[str, Any]:
    asked = ListQuery(changed_since=None, sort=None, limit=_PAGE_SIZE, cursor=cursor)
    found = record_page(caller, people.LISTING, asked, people.list_people, Person.model_validate)
    return {"people": found.items, "following": found.next_cursor, "roles": _roles(caller), "does": _AS, "me": caller.actor}


def _roles(caller: Access) -> list[Role]:
    """What the caller may make of somebody."""
    own = PERMISSIONS[caller.role]
    highest = caller.role is Role.platform_administrator
    return [role for role in Role if PERMISSIONS[role] <= own and (highest or role is not Role.platform_administrator)]


def _shown(
    request: Request,
    caller: Access,
    login: str,
    *,
    made: str = "",
    refused: dict[str, str] | None = None,
    said: dict[str, str] | None = None,
) -> HTMLResponse:
    with caller.transaction() as connection:
        person = people.person_named(connection, login)
        sessions = sessions_of(connection, person)
        cells = [one.recipient for one in recipients.list_recipients(connection, caller.org_id, person=login, part=_ALL)]
        drivers = records.list_records(connection, catalogue.DRIVER, Wanted(part=_ALL))
    drives = next((one["driver_id"] for one in drivers if one["login"] == login), "")
    plain = {"name": person.name, "role": person.role, "state": person.state, "driver_id": drives}
    answer = page(
        request,
        "person.html",
        person=person,
        sessions=sessions,
        cells=cells,
        drivers=drivers,
        roles=_roles(caller),
        does=_AS,
        me=caller.actor,
        made=made,
        may_plan=Permission.plan in caller.permissions,
        said=said or plain,
        refused=refused or {},
    )
    answer.headers["cache-control"] = "no-store"
    answer.status_code = 422 if said else 200
    return answer


def _drive_as(caller: Access, login: str, driver_id: str) -> None:
    """Let the person be that driver, and no other."""
    with caller.transaction() as connection:
        drivers = records.list_records(connection, catalogue.DRIVER, Wanted(part=_ALL))
        for one in drivers:
            if one["login"] == login and one["driver_id"] != driver_id:
                _be(caller, connection, one["driver_id"], None)
        if driver_id and not any(one["login"] == login and one["driver_id"] == driver_id for one in drivers):
            _be(caller, connection, driver_id, login)


def _be(caller: Access, connection: Connection, driver_id: str, login: str | None) -> None:
    keeping.change(caller, connection, DRIVERS, driver_id, DriverRecordChange(login=login), None)


def _made_password() -> str:
    """Four groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
