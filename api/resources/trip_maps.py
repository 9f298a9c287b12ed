"""A trip as a map to look at and to keep."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access import Access, Caller
from api.errors import problem_responses
from api.maps.leaflet import linked_page, self_contained_page
from api.maps.trip_map import draw_trip
from api.pages.drawing import need_assets
from api.resources.events import Event, event_of
from api.resources.trips import TripId, find_round, trip_of
from api.resources.vehicles import Position, position_of
from domain.grades import Grade
from store import fleet, journal
from store.fleet import TrackWindow, VehicleKey
from store.journal import EventFilter
from store.listing import Part
from store.rounds import Round

router = APIRouter(prefix="/trips", tags=["trips"])

MOST_FIXES: Final = 20_000
MOST_EVENTS: Final = 500
BEFORE: Final = timedelta(minutes=30)
AFTER: Final = timedelta(hours=2)


@router.get(
    "/{trip_id}/map",
    operation_id="get_trip_map",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(404)},
)
def get_trip_map(
    request: Request,
    caller: Caller,
    trip_id: TripId,
    download: Annotated[bool, Query(description="One file with everything in it, to keep and to send.")] = False,
) -> HTMLResponse:
    """Planned route, driven track coloured by speed, stops with their visits, events. It asks no other host for anything."""
    shelf = need_assets(request)
    row = find_round(caller, trip_id)
    drawn = draw_trip(trip_of(row, with_route=True), _track(caller, row), _events(caller, row))
    if download:
        name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in trip_id)
        return HTMLResponse(
            self_contained_page(drawn), headers={"content-disposition": f'attachment; filename="trip-{name}.html"'}
        )
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    return HTMLResponse(linked_page(drawn, shelf.address, nonce), headers={"content-security-policy": policy})


def _track(caller: Access, trip: Round) -> list[Position]:
    window = TrackWindow(trip.planned_start - BEFORE, trip.planned_end + AFTER, MOST_FIXES)
    vehicle = VehicleKey(trip.vehicle_id, trip.org_id)
    with caller.transaction() as connection:
        return [position_of(fix) for fix in fleet.list_positions(connection, vehicle, window, Grade.rejected)]


def _events(caller: Access, trip: Round) -> list[Event]:
    with caller.transaction() as connection:
        rows = journal.list_events(connection, EventFilter(trip_id=trip.trip_id), Part(limit=MOST_EVENTS))
    return [event_of(row) for row in rows if row.org_id == trip.org_id]
