"""The page of what waits for somebody's yes or no, proposals of learning among them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Caller
from api.listing import ListQuery, record_page
from api.pages.drawing import TEMPLATES, back_to, page
from api.pages.forms import REFUSALS, sentence
from api.resources.approvals import Approval, ApprovalId, Decision, approve, reject, withdraw
from domain.approvals import DECIDED_BY, ApprovalKind
from store import approvals
from store.approvals import ApprovalFilter
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/console/approvals", include_in_schema=False)

_PAGE_SIZE: Final = 50
_DEEDS: Final = {"approve": approve, "reject": reject, "withdraw": withdraw}
Shown = Literal["pending", "approved", "rejected", "withdrawn", "all"]


@router.get("")
def approvals_page(
    request: Request,
    caller: Caller,
    state: Shown = "pending",
    kind: ApprovalKind | Literal[""] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    refusal: Annotated[str | None, Query(max_length=2000)] = None,
) -> HTMLResponse:
    """What waits, and what was decided."""
    wanted = ApprovalFilter(states=None if state == "all" else [state], kinds=[kind] if kind else None)

    def read(connection: Connection, part: Part) -> list[approvals.Approval]:
        return approvals.list_approvals(connection, wanted, part)

    asked = ListQuery(changed_since=None, sort=None, limit=_PAGE_SIZE, cursor=cursor)
    found = record_page(caller, approvals.LISTING, asked, read, Approval.model_validate)
    return page(
        request,
        "approvals.html",
        approvals=found.items,
        following=found.next_cursor,
        kinds=list(ApprovalKind),
        may_decide={kind.value for kind, roles in DECIDED_BY.items() if caller.role in roles},
        me=caller.actor if caller.person_id is not None else None,
        state=state,
        kind=kind,
        refusal=refusal,
    )


@router.post("/{approval_id}")
def decide(
    caller: Caller,
    approval_id: ApprovalId,
    decision: Annotated[Literal["approve", "reject", "withdraw"], Form()],
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Say yes or no, or take one's own request back."""
    try:
        _DEEDS[decision](caller, approval_id, Response(), Decision(comment=comment or None))
    except REFUSALS as error:
        return back_to("/console/approvals", sentence(error))
    return back_to("/console/approvals")


def told_differences(difference: dict[str, Any]) -> list[tuple[str, str]]:
    """What would be different, as (what, how) for people."""
    return [(name.replace("_", " "), _how(value)) for name, value in difference.items() if value is not None]


def _how(value: Any) -> str:
    if isinstance(value, dict) and value.keys() >= {"before", "after"}:
        before = "" if value["before"] is None else f"{_how(value['before'])} → "
        return f"{before}{_how(value['after'])}"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_how(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_how, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


TEMPLATES.env.filters["differences"] = told_differences
