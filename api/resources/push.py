"""Browsers in which people are told of alerts, by web push."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from api import assets
from api.access import Caller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from domain.errors import InvalidInputError, NotFoundError
from domain.web_targets import check_url
from store import push_subscriptions
from store.audit import Change
from store.listing import Part
from store.pool import Connection
from store.push_subscriptions import PushSubscription

router = APIRouter(tags=["alerts"])


class PushKey(BaseModel):
    """What a browser asks for when it subscribes."""

    public_key: str = Field(description="Point of the P-256 curve, unpadded base64url: `applicationServerKey`.")


class Keys(Given):
    """The browser's keys, in unpadded base64url."""

    p256dh: str = Field(max_length=200, description="A point of the P-256 curve, 65 bytes.")
    auth: str = Field(max_length=100, description="16 bytes.")


class NewSubscription(Given):
    """A browser's subscription, as its `toJSON()` gives it."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str = Field(max_length=2000, examples=["https://push.example.org/send/abc"])
    keys: Keys


class Subscription(BaseModel):
    """A browser of one's own that is subscribed."""

    model_config = ConfigDict(from_attributes=True)

    endpoint: str
    browser: str
    created_at: datetime


@router.get("/push/key", operation_id="get_push_key", responses=problem_responses(404))
def get_push_key(request: Request, _caller: Caller) -> PushKey:
    """The key that messages are signed with. 404 where this service has none."""
    key: str = request.app.state.push_key
    if not key:
        raise NotFoundError("key for web push: set", "VAPID_PRIVATE_KEY")
    return PushKey(public_key=key)


@router.get("/push/subscriptions", operation_id="list_push_subscriptions")
def list_push_subscriptions(caller: Caller, asked: Listed) -> RecordPage[Subscription]:
    """One's own browsers."""

    def read(connection: Connection, part: Part) -> list[PushSubscription]:
        return push_subscriptions.list_subscriptions(connection, caller.org_id, caller.actor, part)

    return record_page(caller, push_subscriptions.LISTING, asked, read, Subscription.model_validate)


@router.post("/push/subscriptions", operation_id="add_push_subscription", status_code=201, responses=problem_responses(422))
def add_push_subscription(request: Request, caller: Caller, new: NewSubscription) -> Subscription:
    """Be told in this browser; of what is of medium severity or more, unless `/recipients` says otherwise."""
    check_url(new.endpoint, allow_private=request.app.state.webhooks_to_private)
    _check(new.keys.p256dh, "keys.p256dh", 65)
    _check(new.keys.auth, "keys.auth", 16)
    browser = request.headers.get("user-agent", "")[:200].replace("\0", "")
    subscription = PushSubscription(new.endpoint, new.keys.p256dh, new.keys.auth, browser)
    with caller.transaction() as connection:
        push_subscriptions.subscribe(connection, caller.org_id, caller.actor, subscription)
        caller.note(connection, Change(action="push.subscribe", kind="person", identifier=caller.actor))
        kept = push_subscriptions.subscriptions_of(connection, caller.org_id, caller.actor)
    return Subscription.model_validate(next(one for one in kept if one.endpoint == new.endpoint))


@router.delete(
    "/push/subscriptions", operation_id="delete_push_subscription", status_code=204, responses=problem_responses(404)
)
def delete_push_subscription(caller: Caller, endpoint: Annotated[str, Query(max_length=2000)]) -> None:
    """Be told in that browser no more."""
    with caller.transaction() as connection:
        push_subscriptions.unsubscribe(connection, caller.org_id, endpoint, caller.actor)
        caller.note(connection, Change(action="push.unsubscribe", kind="person", identifier=caller.actor))


@router.get("/console/push-worker.js", include_in_schema=False)
def push_worker() -> FileResponse:
    """The script that shows what was pushed; it has to come from where it holds."""
    file = assets.OWN / "push" / "worker.js"
    return FileResponse(file, media_type="text/javascript", headers={"cache-control": "no-cache"})


def _check(value: str, field: str, size: int) -> None:
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(field, "must be base64url") from error
    if len(decoded) != size or (size == 65 and decoded[0] != 4):
        raise InvalidInputError(field, f"must be {size} bytes" + (", a point that is not compressed" if size == 65 else ""))
