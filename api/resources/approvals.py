"""Approvals: what waits for somebody's yes or no, and what was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Asker, Caller, Participant
from api.asked_subjects import asked_about
from api.decisions import take_effect
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from api.versions import IfMatch, check_unchanged, tag
from domain.approvals import DECIDED_BY, DECIDED_WITHIN, ApprovalKind, ApprovalState
from domain.errors import InvalidInputError, NotAllowedError
from store import approvals
from store.approvals import ApprovalFilter, NewApproval
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/approvals", tags=["approvals"])


class Approval(BaseModel):
    """A request, and its decision."""

    model_config = ConfigDict(from_attributes=True)

    approval_id: int
    kind: ApprovalKind
    subject_id: str = Field(description="What it is about: a trip, a breakdown, an outlet.", examples=["T-2026-03-02-07"])
    requested_by: str
    requested_at: datetime
    comment: str | None
    difference: dict[str, Any] = Field(description="What would be different, or what else the decision has to consider.")
    decide_by: datetime
    overdue: bool = Field(description="Nobody decided in time; it still waits.")
    state: ApprovalState
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None = Field(description="What was said with it.")
    changed_at: datetime


class AskedFor(Given):
    """What to ask for. Breakdowns, stock adjustments and dispatch closures are asked for where they happen."""

    kind: ApprovalKind = Field(examples=["detour"])
    subject_id: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", examples=["T-2026-03-02-07"])
    comment: str | None = Field(None, max_length=2000, examples=["The bridge is closed."])
    difference: dict[str, Any] = Field(default_factory=dict, examples=[{"route": {"before": "NH 44", "after": "SH 17"}}])


class Decision(Given):
    """What is said with a decision."""

    comment: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$", examples=["Seen the photo."])


ApprovalId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]
Said = Annotated[Decision | None, Body()]

_OWN_WAY = {ApprovalKind.breakdown, ApprovalKind.stock_adjustment, ApprovalKind.dispatch_closure}


@router.get("", operation_id="list_approvals")
def list_approvals(
    caller: Caller,
    listed: Listed,
    state: Annotated[list[ApprovalState] | None, Query()] = None,
    kind: Annotated[list[ApprovalKind] | None, Query()] = None,
    subject_id: Annotated[str | None, Query(max_length=200)] = None,
    overdue: bool | None = None,
) -> RecordPage[Approval]:
    """Requests, the newest first."""
    wanted = ApprovalFilter(states=state, kinds=kind, subject_id=subject_id, overdue=overdue)

    def read(connection: Connection, part: Part) -> list[approvals.Approval]:
        return approvals.list_approvals(connection, wanted, part)

    return record_page(caller, approvals.LISTING, listed, read, Approval.model_validate)


@router.get("/{approval_id}", operation_id="get_approval", responses=problem_responses(404))
def get_approval(caller: Caller, approval_id: ApprovalId, response: Response) -> Approval:
    """One request."""
    with caller.transaction() as connection:
        return _answer(approvals.approval_numbered(connection, approval_id), response)


@router.post("", operation_id="ask_approval", status_code=201, responses=problem_responses(403, 404, 409, 422))
def ask_approval(caller: Asker, asked: AskedFor) -> Approval:
    """Ask for a decision on a detour, a pin, an outlet, or an order (its name) that goes beyond a credit limit."""
    if asked.kind in _OWN_WAY:
        raise InvalidInputError("kind", f"a {asked.kind.value.replace('_', ' ')} is asked for where it happens")
    with caller.transaction() as connection:
        org_id, difference = asked_about(caller, connection, asked.kind, asked.subject_id, asked.difference)
        return ask(caller, connection, org_id, asked.model_copy(update={"difference": difference}))


@router.post("/{approval_id}/approve", operation_id="approve_request", responses=problem_responses(403, 404, 409, 412))
def approve(
    caller: Caller, approval_id: ApprovalId, response: Response, said: Said = None, if_match: IfMatch = None
) -> Approval:
    """Say yes. What follows from it happens in the same transaction."""
    return _answer(_decide(caller, approval_id, ApprovalState.approved, said, if_match), response)


@router.post("/{approval_id}/reject", operation_id="reject_request", responses=problem_responses(403, 404, 409, 412))
def reject(
    caller: Caller, approval_id: ApprovalId, response: Response, said: Said = None, if_match: IfMatch = None
) -> Approval:
    """Say no."""
    return _answer(_decide(caller, approval_id, ApprovalState.rejected, said, if_match), response)


@router.post("/{approval_id}/withdraw", operation_id="withdraw_approval", responses=problem_responses(403, 404, 409, 412))
def withdraw(
    caller: Participant, approval_id: ApprovalId, response: Response, said: Said = None, if_match: IfMatch = None
) -> Approval:
    """Take one's own request back."""
    return _answer(_decide(caller, approval_id, ApprovalState.withdrawn, said, if_match), response)


def ask(caller: Access, connection: Connection, org_id: int, asked: AskedFor) -> Approval:
    """Ask for a decision within a transaction, and write down who asked."""
    new = NewApproval(
        kind=asked.kind,
        subject_id=asked.subject_id,
        comment=asked.comment,
        difference=asked.difference,
        decide_by=datetime.now(UTC) + DECIDED_WITHIN[asked.kind],
    )
    row = approvals.request(connection, org_id, caller.actor, new)
    after = {"kind": row.kind, "subject_id": row.subject_id, "difference": dict(row.difference)}
    caller.note(
        connection, Change(action="approval.ask", kind="approval", identifier=str(row.approval_id), after=after), org_id
    )
    return Approval.model_validate(row)


def _answer(row: approvals.Approval, response: Response) -> Approval:
    response.headers["etag"] = tag(row.changed_at)
    return Approval.model_validate(row)


def _decide(
    caller: Access, approval_id: int, state: ApprovalState, said: Decision | None, if_match: str | None
) -> approvals.Approval:
    with caller.transaction() as connection:
        before = approvals.approval_numbered(connection, approval_id, lock=True)
        check_unchanged(if_match, before.changed_at)
        _refuse_who_may_not(caller, before, state)
        after = approvals.decide(connection, before, state, caller.actor, said.comment if said else None)
        take_effect(caller, connection, after)
        change = Change(
            action=f"approval.{state.value}",
            kind="approval",
            identifier=str(approval_id),
            before={"state": before.state},
            after={"state": after.state, "decision": after.decision},
        )
        caller.note(connection, change, before.org_id)
    return after


def _refuse_who_may_not(caller: Access, asked: approvals.Approval, state: ApprovalState) -> None:
    is_own = caller.person_id is not None and asked.requested_by == caller.actor
    if state is ApprovalState.withdrawn:
        if caller.person_id is not None and not is_own:
            raise NotAllowedError("only who asked may withdraw it")
    elif caller.role not in DECIDED_BY[ApprovalKind(asked.kind)]:
        what = asked.kind.replace("_", " ")
        raise NotAllowedError(f"{caller.role.called} may not decide on {'an' if what[0] in 'aeiou' else 'a'} {what}")
    elif is_own:
        raise NotAllowedError("somebody else has to decide on what you asked for")
