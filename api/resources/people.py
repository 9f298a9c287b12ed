"""People who can sign in, and what was changed by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.own_rights import refuse_more_than_own
from api.passwords import LONGEST, SHORTEST, hash_password
from api.records.resource import Given
from api.versions import IfMatch, check_unchanged, tag
from domain.errors import ConflictError
from domain.people import Role
from store import audit, people
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(tags=["people"])

Login = Annotated[str, Path(max_length=200, examples=["asha@example.org"])]
Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]


class Person(BaseModel):
    """Somebody who can sign in."""

    model_config = ConfigDict(from_attributes=True)

    login: str = Field(examples=["asha@example.org"])
    name: str
    role: Role
    state: Literal["active", "disabled"]
    locked_until: datetime | None = Field(description="Too many wrong passwords.")
    created_at: datetime
    changed_at: datetime
    revision: int = Field(description="Counts changes; the ETag is made of it.")


class NewPerson(Given):
    """Somebody to register in one's own organisation."""

    login: str = Field(min_length=1, max_length=200, pattern=r"^[^\sA-Z\x00]+$", examples=["asha@example.org"])
    name: str = Field(min_length=1, max_length=200)
    role: Role
    password: Password


class PersonChange(Given):
    """What to change of somebody; their sessions end, and so does a lock-out."""

    name: str | None = Field(None, min_length=1, max_length=200)
    role: Role | None = None
    state: Literal["active", "disabled"] | None = None
    password: Password | None = None


class AuditEntry(BaseModel):
    """One change: who, what, and how it was before and after."""

    model_config = ConfigDict(from_attributes=True)

    audit_id: int
    at: datetime
    actor: str
    action: str = Field(examples=["alert.acknowledge"])
    subject_kind: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@router.get("/people", operation_id="list_people", responses=problem_responses(401, 403))
def list_people(caller: Administrator, listed: Listed) -> RecordPage[Person]:
    """People by login."""
    return record_page(caller, people.LISTING, listed, people.list_people, Person.model_validate)


@router.get("/people/{login}", operation_id="get_person", responses=problem_responses(401, 403, 404))
def get_person(caller: Administrator, login: Login, response: Response) -> Person:
    """One of them."""
    with caller.transaction() as connection:
        return _answer(people.person_named(connection, login), response)


@router.post("/people", operation_id="add_person", status_code=201, responses=problem_responses(401, 403, 409))
def add_person(caller: Administrator, person: NewPerson, response: Response) -> Person:
    """Register somebody in one's own organisation, with no more rights than one has."""
    refuse_more_than_own(caller, person.role)
    password_hash = hash_password(person.password)
    with caller.transaction() as connection:
        row = people.add_person(
            connection, caller.org_id, login=person.login, name=person.name, role=person.role, password_hash=password_hash
        )
        caller.note(connection, Change(action="person.add", kind="person", identifier=row.login, after=_shown(row)))
    return _answer(row, response)


@router.patch("/people/{login}", operation_id="change_person", responses=problem_responses(401, 403, 404, 409, 412))
def change_person(
    caller: Administrator, login: Login, change: PersonChange, response: Response, if_match: IfMatch = None
) -> Person:
    """Change somebody's name, role, state or password."""
    if login == caller.actor and (change.role or change.state):
        raise ConflictError("somebody else has to change your own role or state")
    password_hash = hash_password(change.password) if change.password else None
    with caller.transaction() as connection:
        before = people.person_named(connection, login)
        check_unchanged(if_match, before.revision)
        for role in (Role(before.role), change.role):
            refuse_more_than_own(caller, role)
        after = people.change_person(
            connection, before, name=change.name, role=change.role, state=change.state, password_hash=password_hash
        )
        what = "person.password" if change.password else "person.change"
        states = {"before": _shown(before), "after": _shown(after)}
        caller.note(connection, Change(action=what, kind="person", identifier=login, **states), after.org_id)
    return _answer(after, response)


def _answer(row: people.Person, response: Response) -> Person:
    response.headers["etag"] = tag(row.revision)
    return Person.model_validate(row)


@router.get("/audit", operation_id="list_changes", responses=problem_responses(401, 403))
def list_changes(
    caller: Administrator,
    asked: Listed,
    actor: Annotated[str | None, Query(max_length=200)] = None,
    action: Annotated[str | None, Query(max_length=200, examples=["order.confirmed"])] = None,
    subject_kind: Annotated[str | None, Query(max_length=200)] = None,
    subject_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[AwareDatetime | None, Query(description="At this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this time.")] = None,
) -> RecordPage[AuditEntry]:
    """Who changed what, the newest first."""
    wanted = audit.AuditFilter(
        actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id, since=since, until=until
    )

    def read(connection: Connection, part: Part) -> list[audit.AuditRow]:
        return audit.list_changes(connection, wanted, part)

    return record_page(caller, audit.LISTING, asked, read, AuditEntry.model_validate)


def _shown(person: people.Person) -> dict[str, Any]:
    return {"name": person.name, "role": person.role, "state": person.state}
