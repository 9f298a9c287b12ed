"""The address that pages listen to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse

from api.access import Access, Caller
from api.live.hub import Hub, Subscriber
from domain.errors import InvalidInputError

router = APIRouter(tags=["live"])

_EXAMPLE = 'id: 8124\nevent: positions\ndata: {"positions":[{"vehicle_id":"van-07","state":"moving","position":{...}}]}\n\n'
_HIGHEST = 2**63 - 1
LONGEST_S = 900.0  # then it has to come back, and to be let in again


@router.get(
    "/live",
    operation_id="follow_live",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}}},
)
async def follow_live(
    request: Request,
    caller: Caller,
    last_event_id: Annotated[
        str | None, Header(description="The `id` of the last event seen: what came after is told first.")
    ] = None,
) -> EventSourceResponse:
    """Server-sent events: `hello`, then `positions`, `events`, `visits` and `alerts` as they are stored, and `ping` in between.

    `positions` holds vehicles as `list_vehicles` gives them, each with its newest fix; the others hold items of their lists.
    The same item may come twice; its identifier and times tell. `reset` asks to read everything anew.
    """
    subscriber = Subscriber(asyncio.get_running_loop())
    since = _mark(last_event_id)
    hub: Hub = request.app.state.hub
    await run_in_threadpool(hub.subscribe, caller.org_id, subscriber, since)
    return EventSourceResponse(_until_closed(hub, caller, subscriber), ping=0)


async def _until_closed(hub: Hub, caller: Access, subscriber: Subscriber) -> AsyncIterator[bytes]:
    try:
        async for frame in subscriber.frames(LONGEST_S):
            yield frame
    finally:
        hub.unsubscribe(caller.org_id, subscriber)


def _mark(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id[:20]) > _HIGHEST:
        raise InvalidInputError("header.last-event-id", "is not an id of this stream")
    return int(last_event_id)
