"""Four-way reconciliation: each order line from the depot over the van to the shelf, and where pieces went missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from api.paging import Cursor, Page, decode, page_of
from domain.reconciliation import Leg
from evidence.flows import Flow, flows_of
from store import ties
from store.ties import FollowedLine, LineFilter

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


Word = Annotated[str | None, Query(max_length=200)]


@router.get("/reconciliation", operation_id="list_reconciliation")
def list_reconciliation(
    caller: Caller,
    trip_id: Word = None,
    order_id: Word = None,
    outlet_id: Word = None,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
    shortages_only: Annotated[bool, Query(description="Only lines of which pieces are missing.")] = False,
    limit: Annotated[int, Query(ge=1, le=200, description="At most the lines of so many trips.")] = 20,
    cursor: Cursor = None,
) -> Page[ReconciledLine]:
    """Lines of ended deliveries, the latest trip first, with where pieces are missing: loading, van, delivery or returns."""
    wanted = LineFilter(trip_id=trip_id, order_id=order_id, outlet_id=outlet_id, since=since, until=until)
    after = decode(cursor, datetime, str, int)
    with caller.transaction() as connection:
        rows = ties.follow_lines(connection, wanted, after=(after[0], after[1], after[2]) if after else None, limit=limit + 1)
    trips = [list(lines) for _, lines in groupby(rows, key=lambda row: (row.org_id, row.trip_id))]
    shown, following = page_of(
        trips, limit, reconciled, lambda lines: (lines[0].planned_start, lines[0].trip_id, lines[0].org_id)
    )
    chosen = (order_id, outlet_id)
    items = [line for lines in shown for line in lines if _is_asked_for(line, chosen, shortages_only)]
    return Page(items=items, next_cursor=following)


def reconciled(rows: Sequence[FollowedLine]) -> list[ReconciledLine]:
    """The lines of one trip as the API shows them."""
    return [_line(one) for one in flows_of(rows)]


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


def _is_asked_for(line: ReconciledLine, chosen: tuple[str | None, str | None], shortages_only: bool) -> bool:
    order_id, outlet_id = chosen
    is_chosen = order_id in {None, line.order_id} and outlet_id in {None, line.outlet_id}
    return is_chosen and (line.shortage > 0 or not shortages_only)
