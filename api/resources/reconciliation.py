"""Four-way reconciliation: each order line from the depot over the van to the shelf, and where pieces went missing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from api.listing import Listed, RecordPage, read_part
from domain.reconciliation import Leg
from evidence.flows import Flow, flows_of
from store import ties
from store.listing import Part
from store.pool import Connection
from store.ties import FollowedLine, LineFilter, LinePlace

router = APIRouter(tags=["reconciliation"])


class ReconciledLine(BaseModel):
    """An order line, in pieces. What nobody counted and no sensor saw is null, and is never held against anybody."""

    trip_id: str
    stop_id: str
    delivery_id: str
    order_id: str
    line_no: int
    product_id: str
    outlet_id: str | None
    vehicle_id: str
    delivery_state: str
    completed_at: datetime | None
    ordered: int
    planned: int = Field(description="Allocated, with what was to be given away.")
    loaded: int
    on_van: int = Field(description="What ought to be left on the van: loaded - delivered - damaged.")
    missing_on_van: int | None = Field(description="Its part of what the settlement did not find; null before that.")
    delivered: int = Field(description="By the proof, with what was given away.")
    damaged: int
    returned: int
    risen: int | None = Field(description="By how much the shelf rose within two hours of the delivery; null without a sensor.")
    risen_confidence: float | None
    shortage: int = Field(description="Pieces that are missing.")
    suspected_leg: Leg | None = Field(description="Where they most likely got lost.")


LineKey = tuple[int, str, int]
Word = Annotated[str | None, Query(max_length=200)]


@router.get("/reconciliation", operation_id="list_reconciliation")
def list_reconciliation(
    caller: Caller,
    asked: Listed,
    trip_id: Word = None,
    order_id: Word = None,
    outlet_id: Word = None,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
    shortages_only: Annotated[bool, Query(description="Only lines of which pieces are missing.")] = False,
) -> RecordPage[ReconciledLine]:
    """Lines of ended deliveries, the latest trip's first, with where pieces are missing: loading, van, delivery or returns.

    A page has fewer lines than asked for where `shortages_only` leaves some out; `next_cursor` says whether there are more.
    """
    wanted = LineFilter(trip_id=trip_id, order_id=order_id, outlet_id=outlet_id, since=since, until=until)
    flows: dict[LineKey, Flow] = {}

    def read(connection: Connection, part: Part) -> list[LinePlace]:
        places = ties.list_lines(connection, wanted, part)
        for lines in ties.follow_lines(connection, {(place.org_id, place.trip_id) for place in places}).values():
            flows.update({_key(flow.line): flow for flow in flows_of(lines)})
        return places

    found = read_part(caller, ties.LINES, asked, read)
    shown = [_line(flows[_key(place)]) for place in found.rows if _key(place) in flows]
    items = [line for line in shown if line.shortage > 0 or not shortages_only]
    return RecordPage(items=items, next_cursor=found.next_cursor, as_of=found.as_of)


def _key(line: LinePlace | FollowedLine) -> LineKey:
    return line.org_id, line.delivery_id, line.line_no


def _line(one: Flow) -> ReconciledLine:
    row, flow, shortage = one
    plain = {name: getattr(row, name) for name in ReconciledLine.model_fields if hasattr(row, name) and name != "risen"}
    return ReconciledLine(
        **plain,
        delivery_state=row.state,
        on_van=flow.on_van,
        missing_on_van=flow.missing_on_van,
        risen=flow.risen,
        shortage=shortage.pieces if shortage else 0,
        suspected_leg=shortage.leg if shortage else None,
    )
