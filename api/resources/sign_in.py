"""Signing in (OAuth 2.0 password and refresh grants, RFC 6749), and one's own sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import second_step
from api.access import Gate, SignedIn, address_of
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.passwords import digest, is_password, new_token
from domain.errors import ConflictError, InvalidInputError, NotSignedInError
from domain.people import Permission, Role
from store import audit, people, second_steps
from store.audit import Change
from store.listing import Part
from store.people import Candidate, Tokens
from store.pool import Connection, Pool, organisation_transaction, transaction

router = APIRouter(tags=["sign-in"])

ACCESS_FOR: Final = timedelta(minutes=15)
REFRESH_FOR: Final = timedelta(days=30)
CONSOLE_FOR: Final = timedelta(hours=12)
PASSWORD_COST: Final = 5.0
"""Requests' worth: hashing is slow on purpose."""

_WRONG: Final = "login, password or code is wrong, or too many attempts were made; after five wait a quarter of an hour"


class TokenAnswer(BaseModel):
    """Tokens of a session. A refresh token is good once; bringing it twice ends the session."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the name of a kind of token
    expires_in: int = Field(description="Seconds.", examples=[900])
    refresh_token: str


class Me(BaseModel):
    """Who is signed in, and what they may do."""

    login: str
    role: Role
    permissions: list[Permission]


class OwnSession(BaseModel):
    """An open session."""

    model_config = ConfigDict(from_attributes=True)

    session_id: UUID
    client: str | None
    created_at: datetime
    refreshed_at: datetime
    refresh_until: datetime


@router.post("/oauth2/token", operation_id="get_token", responses=problem_responses(401))
def get_token(
    request: Request,
    response: Response,
    grant_type: Annotated[Literal["password", "refresh_token"], Form()],
    username: Annotated[str | None, Form(max_length=200)] = None,
    password: Annotated[str | None, Form(max_length=200)] = None,
    refresh_token: Annotated[str | None, Form(max_length=200)] = None,
    code: Annotated[str | None, Form(max_length=50, description="Of the second step, for who has one.")] = None,
) -> TokenAnswer:
    """Tokens for a login and password, or new ones for a refresh token."""
    response.headers["cache-control"] = "no-store"
    request.app.state.limits.take(address_of(request), cost=PASSWORD_COST)
    gate: Gate = request.app.state.gate
    if grant_type == "refresh_token":
        if refresh_token is None:
            raise InvalidInputError("refresh_token", "is missing")
        return _refreshed(gate.pool, refresh_token)
    if username is None or password is None:
        raise InvalidInputError("username" if username is None else "password", "is missing")
    return sign_in(gate.pool, username, password, request.headers.get("user-agent"), ACCESS_FOR, code)


@router.get("/me", operation_id="get_me", responses=problem_responses(401))
def get_me(caller: SignedIn) -> Me:
    """Who is asking."""
    return Me(login=caller.actor, role=caller.role, permissions=sorted(caller.permissions))


@router.get("/me/sessions", operation_id="list_own_sessions", responses=problem_responses(401))
def list_own_sessions(caller: SignedIn, asked: Listed) -> RecordPage[OwnSession]:
    """One's own open sessions, the last used first."""

    def read(connection: Connection, part: Part) -> list[people.Session]:
        return people.list_sessions(connection, caller.person_id, part)

    return record_page(caller, people.SESSIONS, asked, read, OwnSession.model_validate)


@router.delete(
    "/me/sessions/{session_id}", operation_id="end_own_session", status_code=204, responses=problem_responses(401, 404, 409)
)
def end_own_session(caller: SignedIn, session_id: UUID) -> None:
    """End a session of one's own; its tokens are good no more."""
    if caller.person_id is None:
        raise ConflictError("nobody has to sign in here")
    with caller.transaction() as connection:
        people.revoke_session(connection, caller.person_id, session_id, "revoked")


def sign_in(
    pool: Pool, login: str, password: str, client: str | None, access_for: timedelta, code: str | None = None
) -> TokenAnswer:
    """Begin a session. Raises NotSignedInError, never saying whether it was login, password, lock or code."""
    with transaction(pool) as connection:
        candidate = people.sign_in_candidate(connection, login.strip().lower())
    fits = is_password(password, candidate.password_hash if candidate else None)
    if candidate is None:
        raise NotSignedInError(_WRONG)
    fits = fits and _passes_second_step(pool, candidate, code)
    _note_attempt(pool, candidate, succeeded=fits)
    if not fits or candidate.state != "active" or _is_locked(candidate):
        raise NotSignedInError(_WRONG)
    answer, tokens = _new_tokens(access_for)
    with organisation_transaction(pool, candidate.org_id) as connection:
        people.open_session(connection, candidate, tokens, client and client[:200])
        change = Change(action="session.open", kind="person", identifier=candidate.login)
        audit.write(connection, candidate.org_id, candidate.login, change)
    return answer


def _passes_second_step(pool: Pool, candidate: Candidate, code: str | None) -> bool:
    """Whether nothing more is asked of somebody whose password fits, or the code is good."""
    if _is_locked(candidate):
        return False
    with organisation_transaction(pool, candidate.org_id) as connection:
        step = second_steps.find(connection, candidate.person_id)
        if step is None or step.confirmed_at is None:
            return True
        return code is not None and second_step.accepts(connection, candidate.person_id, code)


def _note_attempt(pool: Pool, candidate: Candidate, *, succeeded: bool) -> None:
    if _is_locked(candidate):
        return
    with transaction(pool) as connection:
        people.note_sign_in(connection, candidate.person_id, succeeded=succeeded)


def _is_locked(candidate: Candidate) -> bool:
    return candidate.locked_until is not None and candidate.locked_until > datetime.now(UTC)


def _refreshed(pool: Pool, refresh_token: str) -> TokenAnswer:
    answer, tokens = _new_tokens(ACCESS_FOR)
    with transaction(pool) as connection:
        refreshed = people.refresh_session(connection, digest(refresh_token), tokens)
    if not refreshed:
        raise NotSignedInError("the refresh token is unknown, spent, revoked or expired")
    return answer


def _new_tokens(access_for: timedelta) -> tuple[TokenAnswer, Tokens]:
    access, refresh, now = new_token(), new_token(), datetime.now(UTC)
    answer = TokenAnswer(access_token=access, expires_in=int(access_for.total_seconds()), refresh_token=refresh)
    return answer, Tokens(digest(access), now + access_for, digest(refresh), now + max(access_for, REFRESH_FOR))
