"""Shelves: what sensors see beside what the ledger says, how long it will last, and what to order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.access import Caller, Checker, Seller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, read_part, record_page
from api.own_clock import by_own_clock
from api.records import keeping
from api.records.resource import Given
from api.resources.approvals import Approval, ask
from api.resources.orders import ORDERS, NewOrder, Order
from api.resources.stock import Name, adjustment
from domain.errors import ConflictError
from planning.replenishment import StockState, estimate_demand, propose
from store import ties
from store.listing import Part
from store.pool import Connection
from store.stock import Place, PlaceKind
from store.ties import ShelfState

router = APIRouter(tags=["shelves"])

CONFIDENT: Final = 0.7
"""A sensor that is less sure proposes nothing."""

FRESH: Final = timedelta(days=1)
"""What was seen longer ago says nothing of now."""

HISTORY: Final = timedelta(days=56)
_LEAST_PIECES: Final = 2
_LEAST_SHARE: Final = 0.03
_USUAL_LEAD_DAYS: Final = 2.0
_ALL: Final = Part(limit=10_000)  # products of one outlet


class Shelf(BaseModel):
    """A product of an outlet, in pieces."""

    outlet_id: str
    outlet_name: str
    product_id: str
    product_name: str
    ledger: int | None = Field(description="What the ledger says; null when it says nothing.")
    observed: int | None = Field(
        description="What sensors saw: round((weight - tare) / unit weight). It never changes the ledger."
    )
    observed_at: datetime | None
    confidence: float | None = Field(description="How sure the sensor is, from 0 to 1.")
    device_key: str | None
    difference: int | None = Field(description="Observed less ledger, where both are known.")


class Forecast(BaseModel):
    """How long a product of an outlet will last, and what to order."""

    outlet_id: str
    outlet_name: str
    product_id: str
    product_name: str
    on_hand: int
    on_hand_by: str = Field(description="`shelf`: a sensor saw it within a day; `ledger`: it is what the books say.")
    on_order: int = Field(description="In orders that are not delivered yet.")
    demand_per_day: float
    demand_by: str | None = Field(description="`sales`, `shelf` or `deliveries`; null when nothing is known.")
    days_known: int
    days_of_cover: float | None = Field(description="Null: nothing is sold.")
    stock_out_at: datetime | None
    lead_time_days: float
    reorder_point: float
    order_up_to: float
    propose_pieces: int = Field(description="In whole packs; 0: nothing yet.")
    pack_pieces: int


class ReplenishmentOrder(Given):
    """Which proposals shall become an order."""

    outlet_id: Name
    order_id: Name | None = Field(None, description="Otherwise named after outlet and day, so that it comes once a day.")
    product_ids: list[Name] | None = Field(None, max_length=1000, description="Null: all that should be ordered now.")
    review_days: float = Field(7, gt=0, le=90)
    due_on: date | None = Field(None, description="Otherwise when the longest lead time is over.")


class Take(Given):
    """For which shelves adjustments shall be proposed."""

    outlet_id: Name
    product_ids: list[Name] | None = Field(None, max_length=1000, description="Null: all.")


Word = Annotated[str | None, Query(max_length=200)]


@router.get("/shelves", operation_id="list_shelves")
def list_shelves(caller: Caller, asked: Listed, outlet_id: Word = None, product_id: Word = None) -> RecordPage[Shelf]:
    """Products of outlets: what the ledger says beside what a sensor saw last."""
    return record_page(caller, ties.SHELVES, asked, _reader(outlet_id, product_id), _shelf)


@router.post(
    "/shelves/adjustments", operation_id="propose_adjustments", status_code=201, responses=problem_responses(403, 404, 409, 422)
)
def propose_adjustments(caller: Checker, take: Take) -> list[Approval]:
    """Propose to let the ledger say what sensors see now, where that differs by more than 2 pieces and 3 %.

    Each becomes an approval. Nothing changes until somebody agrees; what is being asked for already is not asked for again.
    """
    with caller.transaction() as connection:
        states = ties.shelf_states(connection, outlet_id=take.outlet_id, product_id=None, part=_ALL)
        made = []
        for state in states:
            if take.product_ids is not None and state.product_id not in take.product_ids:
                continue
            if state.org_id == caller.org_id and _is_off(state, datetime.now(UTC)):
                place = Place(PlaceKind.outlet, state.outlet_id)
                seen = {"observed_at": state.observed_at, "confidence": state.confidence, "device_key": state.device_key}
                asked = adjustment(
                    place, state.product_id, (state.balance or 0, state.observed or 0), "seen by a sensor", **seen
                )
                try:
                    made.append(ask(caller, connection, state.org_id, asked))
                except ConflictError:
                    continue
        return made


@router.get("/replenishment", operation_id="list_replenishment")
def list_replenishment(
    caller: Caller,
    asked: Listed,
    outlet_id: Word = None,
    product_id: Word = None,
    review_days: Annotated[float, Query(gt=0, le=90, description="Until the outlet can order again.")] = 7,
    due_only: Annotated[bool, Query(description="Only what should be ordered now.")] = False,
) -> RecordPage[Forecast]:
    """Days of cover, the forecast stock-out and what to order, by outlet and product.

    Demand is that of the last eight weeks by the tills, else by shelf sensors, else by deliveries. With `changed_since` it is
    what the ledger, a sensor or an order has told of since; a forecast also changes as time goes by. A page has fewer items
    than asked for where `due_only` leaves some out; `next_cursor` says whether there are more.
    """
    found = read_part(caller, ties.SHELVES, asked, _reader(outlet_id, product_id))
    with caller.transaction() as connection:
        items = [one for one in forecasts(connection, found.rows, review_days) if one.propose_pieces or not due_only]
    return RecordPage(items=items, next_cursor=found.next_cursor, as_of=found.as_of)


@router.post(
    "/replenishment/orders",
    operation_id="order_replenishment",
    status_code=201,
    responses=problem_responses(403, 404, 409, 422),
)
def order_replenishment(caller: Seller, wanted: ReplenishmentOrder) -> Order:
    """Turn the proposals for an outlet into an order, a draft to be confirmed like any other."""
    with caller.transaction() as connection:
        states = ties.shelf_states(connection, outlet_id=wanted.outlet_id, product_id=None, part=_ALL)
        own = [state for state in states if state.org_id == caller.org_id]
        due = [one for one in forecasts(connection, own, wanted.review_days) if one.propose_pieces]
        chosen = [one for one in due if wanted.product_ids is None or one.product_id in wanted.product_ids]
        if not chosen:
            raise ConflictError(f"nothing has to be ordered for outlet {wanted.outlet_id!r} now")
        today = by_own_clock(connection, caller.org_id, datetime.now(UTC)).date()
        new = _order(wanted, chosen, today)
        return Order.model_validate(ORDERS.show(keeping.add(caller, connection, ORDERS, new)))


def _order(wanted: ReplenishmentOrder, chosen: list[Forecast], today: date) -> NewOrder:
    new = {
        "order_id": wanted.order_id or f"R-{wanted.outlet_id}-{today:%Y%m%d}"[:200],
        "outlet_id": wanted.outlet_id,
        "due_on": wanted.due_on or today + timedelta(days=math.ceil(max(one.lead_time_days for one in chosen))),
        "note": "proposed by replenishment",
        "lines": [{"product_id": one.product_id, "quantity": one.propose_pieces} for one in chosen],
    }
    return NewOrder.model_validate(new)


def forecasts(connection: Connection, states: Sequence[ShelfState], review_days: float) -> list[Forecast]:
    """How long each will last, and what to order."""
    now = datetime.now(UTC)
    sold = ties.sold_by_day(connection, states, now - HISTORY, now)
    return [_forecast(state, sold.get((state.org_id, state.outlet_id, state.product_id)), review_days, now) for state in states]


def _reader(outlet_id: str | None, product_id: str | None) -> Callable[[Connection, Part], Sequence[ShelfState]]:
    def read(connection: Connection, part: Part) -> Sequence[ShelfState]:
        return ties.shelf_states(connection, outlet_id=outlet_id, product_id=product_id, part=part)

    return read


def _shelf(state: ShelfState) -> Shelf:
    known = state.observed is not None and state.balance is not None
    plain = {name: getattr(state, name) for name in Shelf.model_fields if hasattr(state, name)}
    difference = (state.observed or 0) - (state.balance or 0) if known else None
    return Shelf(**plain, ledger=state.balance, difference=difference)


def _is_off(state: ShelfState, now: datetime) -> bool:
    if state.observed is None or not _is_seen(state, now) or (state.confidence or 0) < CONFIDENT:
        return False
    return abs(state.observed - (state.balance or 0)) > max(_LEAST_PIECES, _LEAST_SHARE * abs(state.balance or 0))


def _is_seen(state: ShelfState, now: datetime) -> bool:
    return state.observed_at is not None and now - state.observed_at < FRESH


def _forecast(state: ShelfState, told: tuple[str, list[float]] | None, review_days: float, now: datetime) -> Forecast:
    source, daily = told or (None, [])
    demand = estimate_demand(daily)
    seen = _is_seen(state, now) and (state.confidence or 0) >= CONFIDENT
    on_hand = (state.observed if seen else state.balance) or 0
    lead = float(state.lead_time_days) if state.lead_time_days else _USUAL_LEAD_DAYS
    proposal = propose(StockState(on_hand, state.on_order, lead, review_days, state.pack_pieces), demand, now)
    return Forecast(
        outlet_id=state.outlet_id,
        outlet_name=state.outlet_name,
        product_id=state.product_id,
        product_name=state.product_name,
        on_hand=on_hand,
        on_hand_by="shelf" if seen else "ledger",
        on_order=state.on_order,
        demand_per_day=demand.mean_per_day,
        demand_by=source,
        days_known=len(daily),
        days_of_cover=proposal.days_of_cover,
        stock_out_at=proposal.stock_out_at,
        lead_time_days=lead,
        reorder_point=proposal.reorder_point,
        order_up_to=proposal.order_up_to,
        propose_pieces=proposal.pieces,
        pack_pieces=state.pack_pieces,
    )
