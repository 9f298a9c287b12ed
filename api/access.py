"""For whom a request acts, and what it may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from api.passwords import digest
from domain.errors import NotAllowedError, NotSignedInError
from domain.people import PERMISSIONS, Permission, Role
from store import audit, people
from store.audit import Change
from store.pool import Connection, Pool, organisation_transaction, transaction

COOKIE: Final = "beatwatch_session"
_HARMLESS: Final = {"GET", "HEAD", "OPTIONS"}

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
    scopes: frozenset[Permission] | None = None  # an API key may do less than its role

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller may do."""
        of_role = PERMISSIONS[self.role]
        return of_role if self.scopes is None else of_role & self.scopes

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in which row-level security shows the caller's organisation and those below it."""
        with organisation_transaction(self.pool, self.org_id) as connection:
            yield connection

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
        with transaction(self.pool) as connection:
            holder = people.holder_of(connection, digest(token))
        if holder is None:
            raise NotSignedInError("the access token is unknown, revoked or expired")
        return Access(self.pool, holder.org_id, holder.login, Role(holder.role), holder.person_id, holder.session_id)


def signed_in(request: Request, bearer: Annotated[str | None, Depends(_bearer)]) -> Access:
    """Whoever asks, whatever they may do."""
    gate: Gate = request.app.state.gate
    if bearer is None and request.method not in _HARMLESS:
        _refuse_other_sites(request)
    return gate.holder(bearer or request.cookies.get(COOKIE))


def allowed(*permissions: Permission) -> Callable[[Access], Access]:
    """A dependency that lets through who has one of `permissions`."""

    def check(caller: Annotated[Access, Depends(signed_in)]) -> Access:
        if caller.permissions.isdisjoint(permissions):
            wanted = " or ".join(permission.value.replace("_", " ") for permission in permissions)
            raise NotAllowedError(f"a {caller.role.value.replace('_', ' ')} may not {wanted}")
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
Seller = Annotated[Access, Depends(allowed(Permission.sell))]
Reader = Annotated[Access, Depends(allowed(Permission.observe, Permission.sell))]
Administrator = Annotated[Access, Depends(allowed(Permission.administer))]
