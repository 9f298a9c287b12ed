"""What people do about an alert: take it on, hand it over, put it off, say something, close it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, Field

from api.access import Access, AlertHandler
from api.errors import problem_responses
from api.records.resource import Given
from api.resources.alerts import Alert, AlertId, alert_of
from api.versions import IfMatch, check_unchanged
from store import alerts, inbox
from store.audit import Change
from store.inbox import InboxAlert, Resolution
from store.pool import Connection

router = APIRouter(prefix="/alerts", tags=["alerts"])


class Acknowledgement(Given):
    """What is said when taking an alert on."""

    note: str | None = Field(None, max_length=2000, examples=["Calling the driver"])


class Closing(Given):
    """How an alert is closed: it was right, or it was false, and why."""

    resolution: Resolution
    reason: str | None = Field(None, max_length=2000, examples=["Shop was closed for a wedding"])


class Assignment(Given):
    """Who is to look after an alert; null: nobody in particular."""

    assignee: str | None = Field(max_length=200, min_length=1, examples=["asha"])


class Snooze(Given):
    """Until when nobody is to be told of an alert; then everybody concerned is reminded."""

    until: AwareDatetime = Field(examples=["2030-03-02T12:00:00Z"])


class Comment(Given):
    """A remark for the alert's history."""

    text: str = Field(min_length=1, max_length=2000, examples=["The driver says that the road is closed"])


@router.post("/{alert_id}/acknowledge", operation_id="acknowledge_alert", responses=problem_responses(404, 409, 412))
def acknowledge_alert(
    caller: AlertHandler, alert_id: AlertId, said: Annotated[Acknowledgement | None, Body()] = None, if_match: IfMatch = None
) -> Alert:
    """Take an open alert on: it stops escalating."""
    return acknowledge(caller, alert_id, said.note if said else None, if_match)


@router.post("/{alert_id}/resolve", operation_id="resolve_alert", responses=problem_responses(404, 409, 412))
def resolve_alert(caller: AlertHandler, alert_id: AlertId, closing: Closing, if_match: IfMatch = None) -> Alert:
    """Close an alert as confirmed or false."""
    return resolve(caller, alert_id, closing.resolution, closing.reason, if_match)


@router.post("/{alert_id}/reopen", operation_id="reopen_alert", responses=problem_responses(404, 409, 412))
def reopen_alert(
    caller: AlertHandler, alert_id: AlertId, said: Annotated[Acknowledgement | None, Body()] = None, if_match: IfMatch = None
) -> Alert:
    """Take back that an alert was resolved; whoever does looks after it."""
    return reopen(caller, alert_id, said.note if said else None, if_match)


@router.post("/{alert_id}/assign", operation_id="assign_alert", responses=problem_responses(404, 409, 412))
def assign_alert(caller: AlertHandler, alert_id: AlertId, to: Assignment, if_match: IfMatch = None) -> Alert:
    """Say who is to look after an alert that is not resolved. Another than oneself is told, on channels of their own."""
    return assign(caller, alert_id, to.assignee, if_match)


@router.post("/{alert_id}/snooze", operation_id="snooze_alert", responses=problem_responses(404, 409, 412))
def snooze_alert(caller: AlertHandler, alert_id: AlertId, snoozed: Snooze, if_match: IfMatch = None) -> Alert:
    """Let nobody be told of an alert for a while."""
    return snooze(caller, alert_id, snoozed.until, if_match)


@router.post("/{alert_id}/comments", operation_id="comment_on_alert", status_code=201, responses=problem_responses(404, 412))
def comment_on_alert(caller: AlertHandler, alert_id: AlertId, remark: Comment, if_match: IfMatch = None) -> Alert:
    """Add a remark to an alert's history, even to one that is resolved."""
    return comment(caller, alert_id, remark.text, if_match)


def acknowledge(caller: Access, alert_id: int, note: str | None, if_match: str | None = None) -> Alert:
    """Acknowledge an alert, and write down who did."""

    def take(connection: Connection) -> None:
        inbox.acknowledge(connection, alert_id, actor=caller.actor, note=note)

    return _handled(caller, alert_id, "alert.acknowledge", take, if_match)


def resolve(caller: Access, alert_id: int, resolution: Resolution, reason: str | None, if_match: str | None = None) -> Alert:
    """Close an alert, and write down who did."""

    def close(connection: Connection) -> None:
        inbox.resolve(connection, alert_id, actor=caller.actor, resolution=resolution, reason=reason)

    return _handled(caller, alert_id, "alert.resolve", close, if_match)


def reopen(caller: Access, alert_id: int, note: str | None, if_match: str | None = None) -> Alert:
    """Reopen an alert, and write down who did."""

    def take_back(connection: Connection) -> None:
        inbox.reopen(connection, alert_id, actor=caller.actor, note=note)

    return _handled(caller, alert_id, "alert.reopen", take_back, if_match)


def assign(caller: Access, alert_id: int, assignee: str | None, if_match: str | None = None) -> Alert:
    """Hand an alert over, and write down who did."""

    def hand_over(connection: Connection) -> None:
        alerts.assign(connection, alert_id, assignee=assignee, actor=caller.actor, now=_now())

    return _handled(caller, alert_id, "alert.assign", hand_over, if_match)


def snooze(caller: Access, alert_id: int, until: datetime, if_match: str | None = None) -> Alert:
    """Put an alert off, and write down who did."""

    def put_off(connection: Connection) -> None:
        alerts.snooze(connection, alert_id, until=until, actor=caller.actor, now=_now())

    return _handled(caller, alert_id, "alert.snooze", put_off, if_match)


def comment(caller: Access, alert_id: int, text: str, if_match: str | None = None) -> Alert:
    """Add a remark, and write down who did."""

    def remark(connection: Connection) -> None:
        alerts.comment(connection, alert_id, text=text, actor=caller.actor, now=_now())

    return _handled(caller, alert_id, "alert.comment", remark, if_match)


def _handled(caller: Access, alert_id: int, action: str, handle: Callable[[Connection], None], if_match: str | None) -> Alert:
    with caller.transaction() as connection:
        before = inbox.alert_numbered(connection, alert_id, lock=if_match is not None)
        check_unchanged(if_match, before.changed_at)
        handle(connection)
        after = inbox.alert_numbered(connection, alert_id)
        change = Change(action=action, kind="alert", identifier=str(alert_id), before=_shown(before), after=_shown(after))
        caller.note(connection, change, after.org_id)
    return alert_of(after)


def _shown(row: InboxAlert) -> dict[str, str | None]:
    snoozed_until = row.snoozed_until.isoformat() if row.snoozed_until else None
    said = {"state": row.state, "resolution": row.resolution, "reason": row.reason}
    return {**said, "assigned_to": row.assigned_to, "snoozed_until": snoozed_until}


def _now() -> datetime:
    return datetime.now(UTC)
