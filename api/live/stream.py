"""The address that pages listen to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse

from api.access import Access, Caller
from api.errors import problem_responses
from api.live.hub import Hub, Subscriber
from api.live.view import View, box_of
from domain.errors import InvalidInputError
from store.organisations import find_organisation

router = APIRouter(tags=["live"])

_EXAMPLE = 'id: 8124\nevent: positions\ndata: {"positions":[{"vehicle_id":"van-07","state":"moving","position":{...}}]}\n\n'
_HIGHEST = 2**63 - 1
LONGEST_S = 900.0  # then it has to come back, and to be let in again


@router.get(
    "/live",
    operation_id="follow_live",
    response_class=EventSourceResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}},
        **problem_responses(404),
    },
)
async def follow_live(
    request: Request,
    caller: Caller,
    last_event_id: Annotated[
        str | None, Header(description="The `id` of the last event seen: what came after is told first.")
    ] = None,
    bbox: Annotated[
        str | None, Query(max_length=100, description="West, south, east, north: only what is there.", examples=["77,12,78,13"])
    ] = None,
    zoom: Annotated[
        float | None, Query(ge=0, le=24, description="Of a web map: vehicles that move less than a pixel are not told.")
    ] = None,
    organisation: Annotated[str | None, Query(max_length=63, description="Slug: only its part of the tree.")] = None,
) -> EventSourceResponse:
    """Server-sent events: `hello`, then `positions`, `events`, `visits` and `alerts` as they are stored, and `ping` in between.

    `positions` holds vehicles as `list_vehicles` gives them, each with its newest fix; the others hold items of their lists.
    The same item may come twice; its identifier and times tell. `reset` asks to read everything anew. A vehicle
    that leaves `bbox` is told once more. `signed_out` is the last event where one's session or key was ended.
    """
    view = View(box_of(bbox) if bbox else None, zoom) if bbox or zoom is not None else None
    subscriber = Subscriber(asyncio.get_running_loop(), view, caller.pass_id)
    since = _mark(last_event_id)
    hub: Hub = request.app.state.hub
    org_id = caller.org_id if organisation is None else await run_in_threadpool(_part, caller, organisation)
    await run_in_threadpool(hub.subscribe, org_id, subscriber, since)
    return EventSourceResponse(_until_closed(hub, org_id, subscriber), ping=0)


def _part(caller: Access, slug: str) -> int:
    with caller.transaction() as connection:
        return find_organisation(connection, slug)


async def _until_closed(hub: Hub, org_id: int, subscriber: Subscriber) -> AsyncIterator[bytes]:
    try:
        async for frame in subscriber.frames(LONGEST_S):
            yield frame
    finally:
        hub.unsubscribe(org_id, subscriber)


def _mark(last_event_id: str | None) -> int | None:
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id[:20]) > _HIGHEST:
        raise InvalidInputError("header.last-event-id", "is not an id of this stream")
    return int(last_event_id)
