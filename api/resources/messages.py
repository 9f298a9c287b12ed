"""What was sent to whom about alerts, and how that went."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from store import mailbox
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/messages", tags=["alerts"])


class MessageState(StrEnum):
    """`dead`: given up after many attempts. `void`: its alert was resolved before it was sent."""

    pending = "pending"
    delivered = "delivered"
    dead = "dead"
    void = "void"


class Attempt(BaseModel):
    """One try to deliver a message."""

    model_config = ConfigDict(from_attributes=True)

    attempt: int = Field(description="Counts from 1.")
    at: datetime
    outcome: str = Field(examples=["failed"])
    detail: str = Field(description="What the receiver said.", examples=["HTTP 503: busy"])


class Message(BaseModel):
    """A message to one person on one channel."""

    model_config = ConfigDict(from_attributes=True)

    message_id: int
    alert_id: int | None = Field(description="Null for digests.")
    stage: str = Field(examples=["opened"])
    person: str
    channel: str
    state: MessageState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    text: str = Field(description="The line for people.")
    changed_at: datetime


class MessageWithAttempts(Message):
    """A message and its delivery log."""

    log: list[Attempt]


MessageId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", operation_id="list_messages")
def list_messages(
    caller: Administrator,
    asked: Listed,
    state: Annotated[MessageState | None, Query(description="Only those.")] = None,
    alert_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    person: Annotated[str | None, Query(max_length=200)] = None,
    channel: Annotated[str | None, Query(max_length=50)] = None,
) -> RecordPage[Message]:
    """Messages, the newest first."""
    wanted = mailbox.MessageFilter(state=state, alert_id=alert_id, person=person, channel=channel)

    def read(connection: Connection, part: Part) -> list[mailbox.StoredMessage]:
        return mailbox.list_messages(connection, wanted, part)

    return record_page(caller, mailbox.LISTING, asked, read, Message.model_validate)


@router.get("/{message_id}", operation_id="get_message", responses=problem_responses(404))
def get_message(caller: Administrator, message_id: MessageId) -> MessageWithAttempts:
    """One message with its delivery log."""
    with caller.transaction() as connection:
        message = Message.model_validate(mailbox.message_numbered(connection, message_id))
        log = [Attempt.model_validate(row) for row in mailbox.attempts(connection, message_id)]
    return MessageWithAttempts(**message.model_dump(), log=log)


@router.post("/{message_id}/retry", operation_id="retry_message", responses=problem_responses(404, 409))
def retry_message(caller: Administrator, message_id: MessageId) -> Message:
    """Send a dead message once more."""
    with caller.transaction() as connection:
        message = mailbox.revive(connection, message_id)
        caller.note(connection, Change(action="message.retry", kind="message", identifier=str(message_id)), message.org_id)
    return Message.model_validate(message)
