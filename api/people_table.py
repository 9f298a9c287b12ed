"""People as a table: registered many at once, and taken out without anything secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.access import Access
from api.own_rights import refuse_more_than_own
from api.passwords import hash_password
from api.records.resource import Given
from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.people import Role
from store import people
from store.audit import Change
from store.listing import Part
from store.people import Person
from store.pool import Connection

COLUMNS: Final = ("login", "name", "role", "state", "password")
MOST: Final = 500
"""Rows of an import: each password is hashed as slowly as it should be."""


class PersonRow(Given):
    """Somebody as a row: what is left out stays as it is. A password is for who is new."""

    login: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\sA-Z\x00]+$")]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    role: Role | None = None
    state: Literal["active", "disabled"] | None = None
    password: str | None = None


def keep_person(caller: Access, connection: Connection, row: Mapping[str, str]) -> str:
    """Register or change somebody, as `POST` and `PATCH /people` do: added, changed or unchanged."""
    given = PersonRow.model_validate(row)
    refuse_more_than_own(caller, given.role)
    try:
        known = people.person_named(connection, given.login)
    except NotFoundError:
        return _add(caller, connection, given)
    return _change(caller, connection, known, given)


def person_rows(connection: Connection) -> Iterator[list[Any]]:
    """Everybody, with nothing for a password."""
    for person in people.list_people(connection, Part(limit=100_000)):
        yield [person.login, person.name, person.role, person.state, None]


def _add(caller: Access, connection: Connection, given: PersonRow) -> str:
    for name in ("name", "role", "password"):
        if getattr(given, name) is None:
            raise InvalidInputError(name, "is missing: somebody new needs one")
    assert given.name is not None
    assert given.role is not None
    password_hash = hash_password(given.password or "")
    made = people.add_person(
        connection, caller.org_id, login=given.login, name=given.name, role=given.role, password_hash=password_hash
    )
    if given.state == "disabled":
        made = people.change_person(connection, made, state=given.state)
    _note(caller, connection, "person.add", None, made)
    return "added"


def _change(caller: Access, connection: Connection, known: Person, given: PersonRow) -> str:
    refuse_more_than_own(caller, Role(known.role))
    wanted = {name: getattr(given, name) for name in ("name", "role", "state")}
    changes = {name: value for name, value in wanted.items() if value is not None and value != getattr(known, name)}
    if not changes:
        return "unchanged"
    if given.login == caller.actor and changes.keys() & {"role", "state"}:
        raise ConflictError("somebody else has to change your own role or state")
    changed = people.change_person(connection, known, **changes)
    _note(caller, connection, "person.change", known, changed)
    return "changed"


def _note(caller: Access, connection: Connection, action: str, before: Person | None, after: Person) -> None:
    was = None if before is None else _shown(before)
    change = Change(action=action, kind="person", identifier=after.login, before=was, after=_shown(after))
    caller.note(connection, change, after.org_id)


def _shown(person: Person) -> dict[str, Any]:
    return {"name": person.name, "role": person.role, "state": person.state}
