"""What a retailer sees without signing in: its own deliveries, by a link that expires."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import Gate, Reader, Seller, address_of
from api.errors import problem_responses, wants_page
from api.listing import Listed, RecordPage, record_page
from api.own_clock import zone_of
from api.pages.retailer import draw_retailer
from api.passwords import digest, new_token
from api.records.resource import Given
from domain.errors import NotFoundError
from store import organisations, records, retailer_links
from store.audit import Change
from store.catalogue import OUTLET
from store.listing import Part
from store.pool import Connection, organisation_transaction, transaction

router = APIRouter(tags=["retailers"])

OutletId = Annotated[str, Path(max_length=200, examples=["O-1001"])]


class NewRetailerLink(Given):
    """A link to make."""

    days: int = Field(7, ge=1, le=90, description="It expires after so many.")


class RetailerLink(BaseModel):
    """A link as it is listed."""

    model_config = ConfigDict(from_attributes=True)

    link_id: UUID
    outlet_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class MadeRetailerLink(RetailerLink):
    """A link that was just made."""

    path: str = Field(description="To send to the retailer, behind this service's address. It is not shown again.")


class ExpectedLine(BaseModel):
    """A product of an order, in pieces; null while nobody has said."""

    name: str
    ordered: int
    free: int
    delivered: int | None
    short: int | None
    damaged: int | None
    returned: int | None


class ExpectedOrder(BaseModel):
    """An order, when it comes and what came."""

    order_id: str
    state: str
    due_on: date
    window_start: datetime | None
    window_end: datetime | None
    arrived_at: datetime | None
    completed_at: datetime | None
    lines: list[ExpectedLine]


class RetailerView(BaseModel):
    """What a retailer sees."""

    outlet_id: str
    name: str
    distributor: str = Field(description="Name of the organisation that serves it.")
    expires_at: datetime
    orders: list[ExpectedOrder]


@router.get("/outlets/{outlet_id}/links", operation_id="list_retailer_links", responses=problem_responses(404))
def list_retailer_links(
    caller: Reader,
    asked: Listed,
    outlet_id: OutletId,
    holds: Annotated[bool | None, Query(description="True: those that open; false: revoked and expired ones.")] = None,
) -> RecordPage[RetailerLink]:
    """An outlet's links, the newest first, ended ones too."""

    def read(connection: Connection, part: Part) -> list[retailer_links.RetailerLink]:
        outlet = records.find(connection, OUTLET, outlet_id)
        return retailer_links.list_links(connection, outlet["org_id"], outlet_id, holds=holds, part=part)

    return record_page(caller, retailer_links.LISTING, asked, read, RetailerLink.model_validate)


@router.post("/outlets/{outlet_id}/links", operation_id="add_retailer_link", status_code=201, responses=problem_responses(404))
def add_retailer_link(caller: Seller, outlet_id: OutletId, new: NewRetailerLink, response: Response) -> MadeRetailerLink:
    """Make a link by which whoever has it sees the outlet's orders."""
    response.headers["cache-control"] = "no-store"
    token = new_token()
    with caller.transaction() as connection:
        outlet = records.find(connection, OUTLET, outlet_id)
        row = retailer_links.add_link(
            connection,
            outlet["org_id"],
            outlet_id,
            token_hash=digest(token),
            created_by=caller.actor,
            expires_at=datetime.now(UTC) + timedelta(days=new.days),
        )
        after = {"outlet_id": outlet_id, "expires_at": row.expires_at.isoformat()}
        change = Change(action="retailer_link.add", kind="retailer_link", identifier=str(row.link_id), after=after)
        caller.note(connection, change, outlet["org_id"])
    return MadeRetailerLink(**RetailerLink.model_validate(row).model_dump(), path=f"/retailer/{token}")


@router.delete(
    "/retailer-links/{link_id}", operation_id="revoke_retailer_link", status_code=204, responses=problem_responses(404)
)
def revoke_retailer_link(caller: Seller, link_id: UUID) -> None:
    """End a link."""
    with caller.transaction() as connection:
        outlet_id, org_id = retailer_links.revoke_link(connection, link_id)
        before = {"outlet_id": outlet_id}
        change = Change(action="retailer_link.revoke", kind="retailer_link", identifier=str(link_id), before=before)
        caller.note(connection, change, org_id)


@router.get(
    "/retailer/{token}",
    operation_id="get_retailer_view",
    response_model=RetailerView,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(404)},
)
def get_retailer_view(
    request: Request, response: Response, token: Annotated[str, Path(min_length=1, max_length=200)]
) -> RetailerView | HTMLResponse:
    """The outlet's orders, for whoever has the link; a browser gets a page for people."""
    response.headers.update({"cache-control": "no-store", "vary": "accept"})
    request.app.state.limits.take(address_of(request))
    try:
        view, zone = _seen_by(request.app.state.gate, token)
    except NotFoundError:
        if wants_page(request):
            return draw_retailer(request, None, ZoneInfo("UTC"))
        raise
    return draw_retailer(request, view, zone) if wants_page(request) else view


def _seen_by(gate: Gate, token: str) -> tuple[RetailerView, ZoneInfo]:
    """What a link shows, and the clock to show it by. Raises NotFoundError when it does not hold."""
    with transaction(gate.pool) as connection:
        retailer = retailer_links.retailer_of(connection, digest(token))
    if retailer is None:
        raise NotFoundError("link that still holds")
    with organisation_transaction(gate.pool, retailer.org_id) as connection:
        outlet = records.find(connection, OUTLET, retailer.outlet_id, org_id=retailer.org_id)
        orders = [ExpectedOrder.model_validate(order) for order in retailer_links.deliveries_of(connection, retailer)]
        zone = zone_of(connection, retailer.org_id)
        distributor = organisations.organisation_named(connection, organisations.slug_of(connection, retailer.org_id)).name
    view = RetailerView(
        outlet_id=retailer.outlet_id,
        name=outlet["name"],
        distributor=distributor,
        expires_at=retailer.expires_at,
        orders=orders,
    )
    return view, zone
