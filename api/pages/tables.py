"""The page on which tables are brought in and taken away."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access import Reader
from api.pages.drawing import page
from api.resources.tables import Kind, Told, importable
from domain.people import Permission

router = APIRouter(prefix="/console/tables", include_in_schema=False)


@router.get("")
def tables_page(request: Request, caller: Reader) -> HTMLResponse:
    """What can be imported and exported by whom asks."""
    told = get_args(Told) if Permission.observe in caller.permissions else ()
    return page(request, "tables.html", into=importable(caller), kinds=get_args(Kind), told=told)
