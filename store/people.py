"""People and their sessions. Tokens come and go here as SHA-256 only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("people")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be about to sign in."""

    person_id: int
    org_id: int
    login: str
    role: str
    password_hash: str
    state: str
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an access token is."""

    session_id: UUID
    person_id: int
    org_id: int
    login: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    person_id: int
    org_id: int
    login: str
    name: str
    role: str
    state: str
    locked_until: datetime | None
    created_at: datetime
    changed_at: datetime
    revision: int


LISTING: Final = Listing(
    sorts={name: Identifier("person", name) for name in ("login", "name", "role", "created_at", "changed_at")},
    keys={"login": Identifier("person", "login")},
    changed=SQL("person.changed_at >= %(changed_since)s"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session of a person."""

    session_id: UUID
    client: str | None
    created_at: datetime
    refreshed_at: datetime
    refresh_until: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """The hashes of a session's two tokens and until when they hold."""

    access_hash: bytes
    access_until: datetime
    refresh_hash: bytes
    refresh_until: datetime

    def row(self) -> dict[str, Any]:
        """As statements want them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def sign_in_candidate(connection: Connection, login: str) -> Candidate | None:
    """Whoever has this login, of whatever organisation."""
    with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(_SQL["sign_in_candidate"], {"login": login}).fetchone()


def note_sign_in(connection: Connection, person_id: int, *, succeeded: bool) -> None:
    """Count failures; the fifth in a row locks the person out for a quarter of an hour."""
    connection.execute(_SQL["note_sign_in"], {"person_id": person_id, "succeeded": succeeded})


def holder_of(connection: Connection, access_hash: bytes) -> Holder | None:
    """Whose the token is, if it still holds."""
    with connection.cursor(row_factory=class_row(Holder)) as cursor:
        return cursor.execute(_SQL["holder_of"], {"access_hash": access_hash}).fetchone()


def passes_that_hold(connection: Connection, passes: Sequence[UUID]) -> set[UUID]:
    """Those of these sessions and API keys that nobody has ended."""
    row = connection.execute(_SQL["passes_that_hold"], {"passes": list(passes)}).fetchone()
    assert row is not None  # a function's answer always is
    return set(row["passes"])


def open_session(connection: Connection, candidate: Candidate, tokens: Tokens, client: str | None) -> None:
    """Begin a session; the transaction acts for the person's organisation."""
    row = {"person_id": candidate.person_id, "org_id": candidate.org_id, "client": client}
    connection.execute(_SQL["open_session"], row | tokens.row())


def refresh_session(connection: Connection, old_refresh: bytes, tokens: Tokens) -> bool:
    """Exchange a refresh token for new tokens; False when it was not good. One that was used before ends its session."""
    return connection.execute(_SQL["refresh_session"], {"old_refresh": old_refresh} | tokens.row()).fetchone() is not None


SESSIONS: Final = Listing(
    sorts={name: Identifier(name) for name in ("refreshed_at", "created_at")},
    keys={name: Identifier(name) for name in ("refreshed_at", "session_id")},
    changed=SQL("refreshed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_sessions(connection: Connection, person_id: int | None, part: Part = FIRST) -> list[Session]:
    """Sessions that can still be refreshed, the last used first unless `part` says otherwise; of nobody, none."""
    end, page = ending(SESSIONS, part)
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(SQL(_SQL["list_sessions"]).format(part=end), {"person_id": person_id, **page}).fetchall()


def revoke_session(connection: Connection, person_id: int, session_id: UUID, because: str) -> None:
    """End a session. Raises NotFoundError when the person has no such open session."""
    row = {"person_id": person_id, "session_id": session_id, "because": because}
    if connection.execute(_SQL["revoke_session"], row).fetchone() is None:
        raise NotFoundError("session", str(session_id))


def add_person(connection: Connection, org_id: int, *, login: str, name: str, role: str, password_hash: str) -> Person:
    """Register somebody. Raises ConflictError when the login is taken, by whomever."""
    row = {"org_id": org_id, "login": login, "name": name, "role": role, "password_hash": password_hash}
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        person = cursor.execute(_SQL["add_person"], row).fetchone()
    if person is None:
        raise ConflictError(f"the login {login!r} is taken")
    return person


def list_people(connection: Connection, part: Part = FIRST) -> list[Person]:
    """People, by login unless `part` says otherwise."""
    return _read(connection, None, part)


def person_named(connection: Connection, login: str) -> Person:
    """Somebody by login. Raises NotFoundError."""
    found = _read(connection, login, FIRST)
    if not found:
        raise NotFoundError("person", login)
    return found[0]


def _read(connection: Connection, login: str | None, part: Part) -> list[Person]:
    end, values = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(SQL(_SQL["list_people"]).format(part=end), {**values, "login": login}).fetchall()


def change_person(
    connection: Connection,
    person: Person,
    *,
    name: str | None = None,
    role: str | None = None,
    state: str | None = None,
    password_hash: str | None = None,
) -> Person:
    """Change what is given, end the person's sessions and any lock-out."""
    row = {"person_id": person.person_id, "name": name, "role": role, "state": state}
    if password_hash is not None:
        connection.execute(_SQL["set_password"], {"person_id": person.person_id, "password_hash": password_hash})
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        changed = cursor.execute(_SQL["change_person"], row).fetchone()
    if changed is None:
        raise NotFoundError("person", person.login)
    connection.execute(_SQL["revoke_sessions_of_person"], {"person_id": person.person_id})
    return changed
