"""The page on which a past day is played again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access import Caller
from api.own_clock import clock_of
from api.pages.drawing import page
from store import fleet
from store.listing import Part

router = APIRouter(prefix="/console/replay", include_in_schema=False)

_MOST: Final = Part(limit=5000)
_AT_ONCE: Final = 60
"""Of a larger fleet one van is shown first: a day of all of them is more than anybody wants to wait for."""


@router.get("")
def replay_page(
    request: Request,
    caller: Caller,
    day: date | None = None,
    vehicle: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Past days."""
    with caller.transaction() as connection:
        vehicles = [one.vehicle_id for one in fleet.list_vehicles(connection, words=None, part=_MOST)]
    if not vehicle and len(vehicles) > _AT_ONCE:
        vehicle = vehicles[0]
    zone = clock_of(caller)
    today = datetime.now(zone).date()
    return page(request, "replay.html", day=day or today, today=today, zone=zone, vehicles=vehicles, vehicle=vehicle)
