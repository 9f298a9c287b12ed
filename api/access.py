"""For whom a request acts, and what it may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.security import OAuth2PasswordBearer

from api.limits import Limits
from api.passwords import digest
from domain.errors import NotAllowedError, NotFoundError, NotSignedInError
from domain.people import PERMISSIONS, Permission, Role
from store import api_keys, audit, idempotency, people
from store.audit import Change
from store.idempotency import Claim
from store.organisations import find_organisation
from store.pool import Connection, Pool, organisation_transaction, transaction

COOKIE: Final = "beatwatch_session"
KEY_PREFIX: Final = "bwk_"
CLAIM: Final = "idempotency_claim"
_HARMLESS: Final = {"GET", "HEAD", "OPTIONS"}

ActingFor = Annotated[
    str | None,
    Header(
        alias="Beatwatch-Organisation",
        max_length=63,
        description="Slug of one's own organisation or one below it, to see and to write as that one does.",
    ),
]

_bearer = OAuth2PasswordBearer(tokenUrl="/oauth2/token", refreshUrl="/oauth2/token", auto_error=False)


@dataclass(frozen=True, slots=True)
class Access:
    """A caller: the organisation whose subtree may be seen, the name beside what is changed, and what is allowed."""

    pool: Pool
    org_id: int
    actor: str
    role: Role
    person_id: int | None = None  # nobody in particular where signing in is switched off
    session_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[Permission] | None = None  # an API key may do less than its role
    claim: Claim | None = None  # what this request does, is done once

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller may do."""
        of_role = PERMISSIONS[self.role]
        return of_role if self.scopes is None else of_role & self.scopes

    @property
    def pass_id(self) -> UUID | None:
        """The session or key by which the caller came in; nothing where everybody may."""
        return self.session_id or self.key_id

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in which row-level security shows the caller's organisation and those below it."""
        with organisation_transaction(self.pool, self.org_id) as connection:
            yield connection
            if self.claim is not None:
                idempotency.note_done(connection, self.claim)

    def note(self, connection: Connection, change: Change, org_id: int | None = None) -> None:
        """Write down what the caller changes, in the transaction that changes it."""
        audit.write(connection, self.org_id if org_id is None else org_id, self.actor, change)


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may come in: everybody, acting for `open_for`, or only who has signed in."""

    pool: Pool
    open_for: int | None

    def holder(self, token: str | None) -> Access:
        """The caller with this token. Raises NotSignedInError."""
        if self.open_for is not None:
            return Access(self.pool, self.open_for, "console", Role.platform_administrator)
        if token is None:
            raise NotSignedInError("sign in first, or send an access token")
        if token.startswith(KEY_PREFIX):
            return self._program(token)
        with transaction(self.pool) as connection:
            holder = people.holder_of(connection, digest(token))
        if holder is None:
            raise NotSignedInError("the access token is unknown, revoked or expired")
        return Access(self.pool, holder.org_id, holder.login, Role(holder.role), holder.person_id, holder.session_id)

    def _program(self, key: str) -> Access:
        with transaction(self.pool) as connection:
            holder = api_keys.key_holder(connection, digest(key))
        if holder is None:
            raise NotSignedInError("the API key is unknown, revoked or expired")
        scopes = frozenset(Permission(scope) for scope in holder.scopes)
        return Access(self.pool, holder.org_id, f"key:{holder.name}", Role.integrator, key_id=holder.key_id, scopes=scopes)


def signed_in(request: Request, bearer: Annotated[str | None, Depends(_bearer)], acting_for: ActingFor = None) -> Access:
    """Whoever asks, whatever they may do."""
    gate: Gate = request.app.state.gate
    if bearer is None and request.method not in _HARMLESS:
        _refuse_other_sites(request)
    limits: Limits = request.app.state.limits
    try:
        caller = gate.holder(bearer or request.cookies.get(COOKIE))
    except NotSignedInError:
        limits.take(address_of(request))
        raise
    limits.take(f"{caller.org_id} {caller.actor}" if gate.open_for is None else address_of(request))
    if acting_for is not None:
        caller = replace(caller, org_id=_below(caller, acting_for))
    request.state.permissions = caller.permissions  # pages offer nobody what they may not
    return replace(caller, claim=getattr(request.state, CLAIM, None))


def token_of(request: Request) -> str | None:
    """The bearer token, else the console's cookie."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else request.cookies.get(COOKIE)


def address_of(request: Request) -> str:
    """Where a request comes from, to count those of nobody in particular."""
    return f"address {request.client.host if request.client else ''}"


def _below(caller: Access, slug: str) -> int:
    try:
        with caller.transaction() as connection:
            return find_organisation(connection, slug)
    except NotFoundError as error:
        raise NotAllowedError(f"no organisation {slug!r} is yours or below yours") from error


def allowed(*permissions: Permission) -> Callable[[Access], Access]:
    """A dependency that lets through who has one of `permissions`."""

    def check(caller: Annotated[Access, Depends(signed_in)]) -> Access:
        if caller.permissions.isdisjoint(permissions):
            wanted = " or ".join(permission.value.replace("_", " ") for permission in permissions)
            raise NotAllowedError(f"{caller.role.called} may not {wanted}")
        return caller

    return check


def _refuse_other_sites(request: Request) -> None:
    """A browser sends our cookie with a form of another site, too; it says whose form it was."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowedError("this request comes from another site")


SignedIn = Annotated[Access, Depends(signed_in)]
Caller = Annotated[Access, Depends(allowed(Permission.observe))]
AlertHandler = Annotated[Access, Depends(allowed(Permission.handle_alerts))]
Planner = Annotated[Access, Depends(allowed(Permission.plan))]
Checker = Annotated[Access, Depends(allowed(Permission.load))]
Deliverer = Annotated[Access, Depends(allowed(Permission.deliver))]
Approver = Annotated[Access, Depends(allowed(Permission.approve))]
Participant = Annotated[Access, Depends(allowed(Permission.observe, Permission.load, Permission.deliver))]
Asker = Annotated[Access, Depends(allowed(Permission.observe, Permission.load, Permission.deliver, Permission.sell))]
Seller = Annotated[Access, Depends(allowed(Permission.sell))]
Reader = Annotated[Access, Depends(allowed(Permission.observe, Permission.sell))]
Administrator = Annotated[Access, Depends(allowed(Permission.administer))]
