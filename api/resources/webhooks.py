"""Webhooks: where orders, deliveries, events and alerts are told to, as they happen."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.paging import Cursor, Limit, Page, decode, page_of
from api.records.resource import Given
from api.webhooks.target import LONGEST, check_url
from store import webhooks
from store.audit import Change

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Topic = Literal["order", "delivery", "event", "alert"]
Topics = Annotated[list[Topic], Field(min_length=1, max_length=4, examples=[["order", "alert"]])]
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
    state: Literal["active", "paused", "disabled"]
    failed_count: int = Field(description="Attempts that failed since the last that did not.")
    last_error: str | None
    created_by: str
    created_at: datetime


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
    state: Literal["pending", "delivered", "dead"]
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[WebhookAttempt]


@router.get("", operation_id="list_webhooks")
def list_webhooks(caller: Administrator) -> list[Webhook]:
    """Webhooks of the organisation and those below it."""
    with caller.transaction() as connection:
        return [Webhook.model_validate(row) for row in webhooks.list_webhooks(connection)]


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
    return MadeWebhook(**Webhook.model_validate(row).model_dump(), secret=secret)


@router.get("/{webhook_id}", operation_id="get_webhook", responses=problem_responses(404))
def get_webhook(caller: Administrator, webhook_id: UUID) -> Webhook:
    """One webhook."""
    with caller.transaction() as connection:
        return Webhook.model_validate(webhooks.find_webhook(connection, webhook_id))


@router.patch("/{webhook_id}", operation_id="change_webhook", responses=problem_responses(404))
def change_webhook(caller: Administrator, request: Request, webhook_id: UUID, change: WebhookChange) -> Webhook:
    """Change a webhook's address, topics or state. What was to be told before it paused is told when it is active again."""
    if change.url is not None:
        check_url(change.url, allow_private=request.app.state.webhooks_to_private)
    with caller.transaction() as connection:
        before = webhooks.find_webhook(connection, webhook_id)
        webhooks.change_webhook(connection, webhook_id, **change.model_dump())
        after = webhooks.find_webhook(connection, webhook_id)
        caller.note(connection, _change("change", webhook_id, _plain(before), _plain(after)), after.org_id)
    return Webhook.model_validate(after)


@router.delete("/{webhook_id}", operation_id="delete_webhook", status_code=204, responses=problem_responses(404))
def delete_webhook(caller: Administrator, webhook_id: UUID) -> None:
    """Remove a webhook, with all that it was told."""
    with caller.transaction() as connection:
        before = webhooks.find_webhook(connection, webhook_id)
        webhooks.delete_webhook(connection, webhook_id)
        caller.note(connection, _change("delete", webhook_id, _plain(before), None), before.org_id)


@router.post("/{webhook_id}/secret", operation_id="renew_webhook_secret", responses=problem_responses(404))
def renew_webhook_secret(caller: Administrator, webhook_id: UUID, response: Response) -> MadeWebhook:
    """Make a new secret; messages are signed with it from now on."""
    response.headers["cache-control"] = "no-store"
    secret = f"bws_{secrets.token_urlsafe(32)}"
    with caller.transaction() as connection:
        row = webhooks.find_webhook(connection, webhook_id)
        webhooks.set_secret(connection, webhook_id, secret)
        caller.note(connection, _change("renew_secret", webhook_id, None, None), row.org_id)
    return MadeWebhook(**Webhook.model_validate(row).model_dump(), secret=secret)


@router.post("/{webhook_id}/ping", operation_id="ping_webhook", status_code=202, responses=problem_responses(404))
def ping_webhook(caller: Administrator, webhook_id: UUID) -> None:
    """Let it be told something that means nothing, to see that it works."""
    with caller.transaction() as connection:
        webhook = webhooks.find_webhook(connection, webhook_id)
        webhooks.ping(connection, webhook, caller.actor)
        caller.note(connection, _change("ping", webhook_id, None, None), webhook.org_id)


@router.get("/{webhook_id}/messages", operation_id="list_webhook_messages", responses=problem_responses(404))
def list_webhook_messages(
    caller: Administrator, webhook_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> Page[WebhookMessage]:
    """What a webhook was told, with each attempt, the newest first."""
    after = decode(cursor, datetime, str)
    with caller.transaction() as connection:
        webhooks.find_webhook(connection, webhook_id)
        rows = webhooks.list_messages(connection, webhook_id, (after[0], after[1]) if after else None, limit + 1)
    items, following = page_of(rows, limit, WebhookMessage.model_validate, lambda row: (row.created_at, str(row.message_id)))
    return Page(items=items, next_cursor=following)


def _plain(webhook: webhooks.Webhook) -> dict[str, Any]:
    return {"url": webhook.url, "topics": webhook.topics, "state": webhook.state}


def _change(action: str, webhook_id: UUID, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return Change(action=f"webhook.{action}", kind="webhook", identifier=str(webhook_id), before=before, after=after)
