"""Deliveries as they are read: what each stop gets, item by item, what proves it, and whether the van was there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from api.access import Access, Caller, Participant
from api.errors import problem_responses
from api.held_deliveries import DeliveryId, answer_delivery, shown_delivery
from api.listing import Listed, RecordPage, record_page
from api.shown_deliveries import Delivery, DeliveryInFull, delivery_of
from domain.trip_life import DeliveryState
from store import deliveries
from store.deliveries import Delivery as Row
from store.deliveries import DeliveryFilter
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/deliveries", tags=["deliveries"])

Word = Annotated[str | None, Query(max_length=200)]


@router.get("", operation_id="list_deliveries")
def list_deliveries(
    caller: Caller,
    asked: Listed,
    trip_id: Word = None,
    outlet_id: Word = None,
    order_id: Word = None,
    state: Annotated[list[DeliveryState] | None, Query()] = None,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
) -> RecordPage[Delivery]:
    """Deliveries, the latest trip first, by stop."""
    wanted = DeliveryFilter(trip_id=trip_id, outlet_id=outlet_id, order_id=order_id, states=state, since=since, until=until)
    return _page(caller, wanted, asked)


@router.get("/billed-without-visit", operation_id="list_billed_without_visit")
def list_billed_without_visit(
    caller: Caller,
    asked: Listed,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
) -> RecordPage[Delivery]:
    """Deliveries that were billed although the van was not seen to serve the stop.

    Where the reason is `no_data` or `probable`, the data has a gap: that accuses nobody.
    """
    return _page(caller, DeliveryFilter(since=since, until=until, billed_unvisited=True), asked)


@router.get("/{delivery_id}", operation_id="get_delivery", responses=problem_responses(404))
def get_delivery(caller: Participant, delivery_id: DeliveryId, response: Response) -> DeliveryInFull:
    """A delivery with its lines and proofs."""
    with caller.transaction() as connection:
        row = shown_delivery(caller, connection, delivery_id)
        return answer_delivery(connection, row, response)


def _page(caller: Access, wanted: DeliveryFilter, asked: Listed) -> RecordPage[Delivery]:
    def read(connection: Connection, part: Part) -> list[Row]:
        return deliveries.list_deliveries(connection, wanted, part)

    return record_page(caller, deliveries.LISTING, asked, read, delivery_of)
