"""The pages of webhooks: where other programs are told, what they were told, and with which luck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Administrator
from api.listing import ListQuery
from api.pages.drawing import back_to, page
from api.pages.forms import FORM, REFUSALS, refusals, refused_page
from api.resources import webhooks
from api.resources.webhooks import MessageState, NewWebhook, Topic, WebhookChange
from domain.errors import BeatwatchError

router = APIRouter(prefix="/console/webhooks", include_in_schema=False)

_HERE: Final = "/console/webhooks"
_PAGE_SIZE: Final = 50
_TOPICS: Final[tuple[Topic, ...]] = ("order", "delivery", "event", "alert")
_FIELDS: Final = ("url", "topics", "state")
Url = Annotated[str, Form(max_length=4000)]
Topics = Annotated[list[str] | None, Form()]


@router.get("")
def webhooks_page(request: Request, caller: Administrator) -> HTMLResponse:
    """All of them, and a form for one more."""
    return page(request, "webhooks.html", **_all(caller), said={"topics": ["alert"]}, refused={})


@router.post("")
def add(request: Request, caller: Administrator, url: Url = "", topics: Topics = None) -> HTMLResponse:
    """Let news be posted somewhere; the secret of the signatures is shown this once."""
    said = {"url": url.strip(), "topics": topics or []}
    try:
        made = webhooks.add_webhook(caller, request, NewWebhook.model_validate(said), Response())
    except REFUSALS as error:
        return refused_page(request, "webhooks.html", refusals(error, _FIELDS), **_all(caller), said=said)
    return _shown(request, caller, made.webhook_id, secret=made.secret)


@router.get("/{webhook_id}")
def webhook_page(
    request: Request,
    caller: Administrator,
    webhook_id: UUID,
    state: MessageState | Literal[""] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    refusal: Annotated[str | None, Query(max_length=2000)] = None,
) -> HTMLResponse:
    """One, with what it was told."""
    return _shown(request, caller, webhook_id, state=state, cursor=cursor, refused={FORM: refusal} if refusal else {})


@router.post("/{webhook_id}")
def change(request: Request, caller: Administrator, webhook_id: UUID, url: Url = "", topics: Topics = None) -> Response:
    """Another address, or other topics."""
    said = {"url": url.strip(), "topics": topics or []}
    try:
        webhooks.change_webhook(caller, request, webhook_id, WebhookChange.model_validate(said), Response())
    except REFUSALS as error:
        return _shown(request, caller, webhook_id, refused=refusals(error, _FIELDS), said=said)
    return back_to(f"{_HERE}/{webhook_id}")


@router.post("/{webhook_id}/state")
def switch(
    request: Request, caller: Administrator, webhook_id: UUID, state: Annotated[Literal["active", "paused"], Form()]
) -> Response:
    """Let it rest, or go on."""
    wanted = WebhookChange(state=state)
    return _do(webhook_id, lambda: webhooks.change_webhook(caller, request, webhook_id, wanted, Response()))


@router.post("/{webhook_id}/ping")
def ping(caller: Administrator, webhook_id: UUID) -> Response:
    """Tell it something that means nothing."""
    return _do(webhook_id, lambda: webhooks.ping_webhook(caller, webhook_id))


@router.post("/{webhook_id}/secret")
def renew_secret(request: Request, caller: Administrator, webhook_id: UUID) -> HTMLResponse:
    """Sign with another secret, shown this once."""
    return _shown(request, caller, webhook_id, secret=webhooks.renew_webhook_secret(caller, webhook_id, Response()).secret)


@router.post("/{webhook_id}/delete")
def delete(caller: Administrator, webhook_id: UUID) -> Response:
    """Tell it no more, and forget what it was told."""
    webhooks.delete_webhook(caller, webhook_id)
    return back_to(_HERE)


def _do(webhook_id: UUID, deed: Callable[[], object]) -> Response:
    try:
        deed()
    except BeatwatchError as error:
        return back_to(f"{_HERE}/{webhook_id}", error)
    return back_to(f"{_HERE}/{webhook_id}")


def _all(caller: Access) -> dict[str, Any]:
    asked = ListQuery(changed_since=None, sort=None, limit=1000, cursor=None)
    return {"webhooks": webhooks.list_webhooks(caller, asked).items, "topics": _TOPICS}


def _shown(
    request: Request,
    caller: Access,
    webhook_id: UUID,
    *,
    state: MessageState | Literal[""] = "",
    cursor: str | None = None,
    secret: str = "",
    refused: dict[str, str] | None = None,
    said: dict[str, Any] | None = None,
) -> HTMLResponse:
    hook = webhooks.get_webhook(caller, webhook_id, Response())
    asked = ListQuery(changed_since=None, sort=None, limit=_PAGE_SIZE, cursor=cursor)
    told = webhooks.list_webhook_messages(caller, asked, webhook_id, state or None)
    answer = page(
        request,
        "webhook.html",
        hook=hook,
        messages=told.items,
        following=told.next_cursor,
        state=state,
        topics=_TOPICS,
        secret=secret,
        said=said or {"url": hook.url, "topics": hook.topics},
        refused=refused or {},
    )
    answer.headers["cache-control"] = "no-store"
    answer.status_code = 422 if said else 200
    return answer
