"""Sessions of people, as whoever administers them sees and ends them."""

from __future__ import annotations

from uuid import UUID

from api.access import Access
from api.own_rights import refuse_more_than_own
from domain.errors import ConflictError
from domain.people import Role
from store import people
from store.audit import Change
from store.listing import Part
from store.people import Person, Session
from store.pool import Connection

_ALL = Part(limit=1000)


def sessions_of(connection: Connection, person: Person) -> list[Session]:
    """The open sessions of somebody, the last used first."""
    return people.list_sessions(connection, person.person_id, _ALL)


def end_sessions(caller: Access, login: str, session_id: UUID | None) -> None:
    """End one session of somebody, or all that are open. Raises NotFoundError, NotAllowedError and ConflictError."""
    with caller.transaction() as connection:
        person = people.person_named(connection, login)
        refuse_more_than_own(caller, Role(person.role))
        ended = [session_id] if session_id else [one.session_id for one in sessions_of(connection, person)]
        if not ended:
            raise ConflictError(f"{login} has no open session")
        for one in ended:
            people.revoke_session(connection, person.person_id, one, "revoked")
        change = Change(action="session.revoke", kind="person", identifier=login, after={"sessions": len(ended)})
        caller.note(connection, change, person.org_id)
