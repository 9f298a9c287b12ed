"""The page on which zones are drawn."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access import Caller
from api.pages.drawing import page
from domain.people import Permission
from domain.zones import ZoneKind

router = APIRouter(prefix="/console/zones", include_in_schema=False)


@router.get("")
def zones_page(request: Request, caller: Caller) -> HTMLResponse:
    """Zones on a map, to look at and, for planners, to draw."""
    return page(request, "zones.html", kinds=list(ZoneKind), may_draw=Permission.plan in caller.permissions)
