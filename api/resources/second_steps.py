"""One's own second step of signing in: begun, confirmed with a first code, ended with another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api import second_step
from api.access import Access, SignedIn
from api.errors import problem_responses
from api.passwords import digest
from api.records.resource import Given
from domain.errors import ConflictError, InvalidInputError
from store import second_steps
from store.audit import Change
from store.pool import Connection

router = APIRouter(prefix="/me/second-step", tags=["sign-in"])

Code = Annotated[str, Field(min_length=6, max_length=50, examples=["492039"])]


class Enrolment(BaseModel):
    """What the authenticator app needs, and what helps without it. None of it is shown again."""

    secret: str = Field(description="Base 32.")
    address: str = Field(description="For a QR code.", examples=["otpauth://totp/Beatwatch:asha?secret=..."])
    recovery_codes: list[str] = Field(description="Each is good once in place of a code.")


class GivenCode(Given):
    """A code of the app, or a recovery code."""

    code: Code


@router.post("", operation_id="begin_second_step", status_code=201, responses=problem_responses(409))
def begin_second_step(caller: SignedIn, response: Response) -> Enrolment:
    """Begin: it is asked for once it was confirmed with a code."""
    response.headers["cache-control"] = "no-store"
    secret, codes = second_step.new_secret(), second_step.new_recovery_codes()
    with caller.transaction() as connection:
        second_steps.begin(connection, _person(caller), caller.org_id, secret, [digest(code) for code in codes])
        _note(caller, connection, "begin")
    return Enrolment(secret=secret, address=second_step.address(secret, caller.actor), recovery_codes=codes)


@router.post("/confirm", operation_id="confirm_second_step", status_code=204, responses=problem_responses(409))
def confirm_second_step(caller: SignedIn, given: GivenCode) -> None:
    """Confirm with a code of the app; signing in asks for one from now on."""
    with caller.transaction() as connection:
        _check(caller, connection, given)
        second_steps.confirm(connection, _person(caller))
        _note(caller, connection, "confirm")


@router.post("/end", operation_id="end_second_step", status_code=204, responses=problem_responses(409))
def end_second_step(caller: SignedIn, given: GivenCode) -> None:
    """End it, with a code of the app or a recovery code."""
    with caller.transaction() as connection:
        _check(caller, connection, given)
        second_steps.end(connection, _person(caller))
        _note(caller, connection, "end")


def _person(caller: Access) -> int:
    if caller.person_id is None:
        raise ConflictError("only people who sign in have a second step")
    return caller.person_id


def _check(caller: Access, connection: Connection, given: GivenCode) -> None:
    if not second_step.accepts(connection, _person(caller), given.code):
        raise InvalidInputError("body.code", "is wrong, or was used before")


def _note(caller: Access, connection: Connection, what: str) -> None:
    caller.note(connection, Change(action=f"second_step.{what}", kind="person", identifier=caller.actor))
