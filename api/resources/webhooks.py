"""Webhooks: where orders, deliveries, events and alerts are told to, as they happen."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from api.versions import IfMatch, check_unchanged, tag
from domain.web_targets import LONGEST, check_url
from store import webhooks
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Topic = Literal["order", "delivery", "event", "alert"]
Topics = Annotated[list[Topic], Field(min_length=1, max_length=4, examples=[["order", "alert"]])]
State = Literal["active", "paused", "disabled"]
MessageState = Literal["pending", "delivered", "dead"]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST, examples=["https://erp.example.org/beatwatch"])]


class NewWebhook(Given):
    """Where to tell what. A message's topic is the kind and what became of it, such as order.confirmed."""

    url: Url
    topics: Topics


class WebhookChange(Given):
    """What to change of a webhook. One that was disabled after failures is made active again here."""

    url: Url | None = None
    topics: Topics | None = None
    state: Literal["active", "paused"] | None = None


class Webhook(BaseModel):
    """Where news goes."""

    model_config = ConfigDict(from_attributes=True)

    webhook_id: UUID
    url: str
    topics: list[Topic]
    state: State
    failed_count: int = Field(description="Attempts that failed since the last that did not.")
    last_error: str | None
    created_by: str
    created_at: datetime
    changed_at: datetime = Field(description="When its address, topics, secret or state were.")


class MadeWebhook(Webhook):
    """A webhook whose secret was just made."""

    secret: str = Field(description="Key of the signatures. It is not shown again.")


class WebhookAttempt(BaseModel):
    """One attempt to tell it."""

    attempt_no: int
    at: datetime
    succeeded: bool
    detail: str = Field(examples=["HTTP 503"])


class WebhookMessage(BaseModel):
    """Something that was or will be told."""

    model_config = ConfigDict(from_attributes=True)

    message_id: UUID
    topic: str = Field(examples=["order.confirmed"])
    body: dict[str, Any]
    state: MessageState
    created_at: datetime
    changed_at: datetime
    next_attempt_at: datetime | None
    attempts: list[WebhookAttempt]


@router.get("", operation_id="list_webhooks")
def list_webhooks(caller: Administrator, asked: Listed, state: State | None = None) -> RecordPage[Webhook]:
    """Webhooks of the organisation and those below it."""

    def read(connection: Connection, part: Part) -> list[webhooks.Webhook]:
        return webhooks.list_webhooks(connection, state, part)

    return record_page(caller, webhooks.LISTING, asked, read, Webhook.model_validate)


@router.post("", operation_id="add_webhook", status_code=201)
def add_webhook(caller: Administrator, request: Request, new: NewWebhook, response: Response) -> MadeWebhook:
    """Let one's organisation's news, and those of organisations below it, be posted to an address."""
    check_url(new.url, allow_private=request.app.state.webhooks_to_private)
    response.headers["cache-control"] = "no-store"
    secret = f"bws_{secrets.token_urlsafe(32)}"
    topics = sorted(set(new.topics))
    with caller.transaction() as connection:
        webhook_id = webhooks.add_webhook(
            connection, caller.org_id, url=new.url, topics=topics, secret=secret, created_by=caller.actor
        )
        row = webhooks.find_webhook(connection, webhook_id)
        caller.note(connection, _change("add", webhook_id, None, {"url": new.url, "topics": topics}))
    return MadeWebhook(**_answer(row, response).model_dump(), secret=secret)


@router.get("/{webhook_id}", operation_id="get_webhook", responses=problem_responses(404))
def get_webhook(caller: Administrator, webhook_id: UUID, response: Response) -> Webhook:
    """One webhook."""
    with caller.transaction() as connection:
        return _answer(webhooks.find_webhook(connection, webhook_id), response)


@router.patch("/{webhook_id}", operation_id="change_webhook", responses=problem_responses(404, 412))
def change_webhook(
    caller: Administrator,
    request: Request,
    webhook_id: UUID,
    change: WebhookChange,
    response: Response,
    if_match: IfMatch = None,
) -> Webhook:
    """Change a webhook's address, topics or state. What was to be told before it paused is told when it is active again."""
    if change.url is not None:
        check_url(change.url, allow_private=request.app.state.webhooks_to_private)
    with caller.transaction() as connection:
        before = _held(connection, webhook_id, if_match)
        webhooks.change_webhook(connection, webhook_id, **change.model_dump())
        after = webhooks.find_webhook(connection, webhook_id)
        caller.note(connection, _change("change", webhook_id, _plain(before), _plain(after)), after.org_id)
    return _answer(after, response)


@router.delete("/{webhook_id}", operation_id="delete_webhook", status_code=204, responses=problem_responses(404, 412))
def delete_webhook(caller: Administrator, webhook_id: UUID, if_match: IfMatch = None) -> None:
    """Remove a webhook, with all that it was told."""
    with caller.transaction() as connection:
        before = _held(connection, webhook_id, if_match)
        webhooks.delete_webhook(connection, webhook_id)
        caller.note(connection, _change("delete", webhook_id, _plain(before), None), before.org_id)


@router.post("/{webhook_id}/secret", operation_id="renew_webhook_secret", responses=problem_responses(404, 412))
def renew_webhook_secret(caller: Administrator, webhook_id: UUID, response: Response, if_match: IfMatch = None) -> MadeWebhook:
    """Make a new secret; messages are signed with it from now on."""
    response.headers["cache-control"] = "no-store"
    secret = f"bws_{secrets.token_urlsafe(32)}"
    with caller.transaction() as connection:
        _held(connection, webhook_id, if_match)
        webhooks.set_secret(connection, webhook_id, secret)
        row = webhooks.find_webhook(connection, webhook_id)
        caller.note(connection, _change("renew_secret", webhook_id, None, None), row.org_id)
    return MadeWebhook(**_answer(row, response).model_dump(), secret=secret)


@router.post("/{webhook_id}/ping", operation_id="ping_webhook", status_code=202, responses=problem_responses(404))
def ping_webhook(caller: Administrator, webhook_id: UUID) -> None:
    """Let it be told something that means nothing, to see that it works."""
    with caller.transaction() as connection:
        webhook = webhooks.find_webhook(connection, webhook_id)
        webhooks.ping(connection, webhook, caller.actor)
        caller.note(connection, _change("ping", webhook_id, None, None), webhook.org_id)


@router.get("/{webhook_id}/messages", operation_id="list_webhook_messages", responses=problem_responses(404))
def list_webhook_messages(
    caller: Administrator,
    asked: Listed,
    webhook_id: UUID,
    state: MessageState | None = None,
    topic: Annotated[str | None, Query(max_length=100, examples=["order.confirmed"])] = None,
) -> RecordPage[WebhookMessage]:
    """What a webhook was told, with each attempt, the newest first."""

    def read(connection: Connection, part: Part) -> list[webhooks.Message]:
        webhooks.find_webhook(connection, webhook_id)
        return webhooks.list_messages(connection, webhook_id, state, topic, part)

    return record_page(caller, webhooks.MESSAGES, asked, read, WebhookMessage.model_validate)


def _answer(row: webhooks.Webhook, response: Response) -> Webhook:
    response.headers["etag"] = tag(row.revision)
    return Webhook.model_validate(row)


def _held(connection: Connection, webhook_id: UUID, if_match: str | None) -> webhooks.Webhook:
    row = webhooks.find_webhook(connection, webhook_id, lock=True)
    check_unchanged(if_match, row.revision)
    return row


def _plain(webhook: webhooks.Webhook) -> dict[str, Any]:
    return {"url": webhook.url, "topics": webhook.topics, "state": webhook.state}


def _change(action: str, webhook_id: UUID, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return Change(action=f"webhook.{action}", kind="webhook", identifier=str(webhook_id), before=before, after=after)
