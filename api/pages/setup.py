"""The page that leads to all that is set up once and changed seldom."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access import Caller
from api.pages.drawing import page

router = APIRouter(prefix="/console/setup", include_in_schema=False)


@router.get("")
def setup_page(request: Request, _caller: Caller) -> HTMLResponse:
    """What can be set up, by whom asks."""
    return page(request, "setup.html")
