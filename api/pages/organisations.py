"""The page of organisations: name, money and clock of one's own and of those below."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Administrator
from api.listing import ListQuery
from api.pages.drawing import back_to, page
from api.pages.forms import REFUSALS, refusals, refused_page
from api.resources.organisations import (
    Kind,
    NewOrganisation,
    OrganisationChange,
    Slug,
    add_organisation,
    change_organisation,
    list_organisations,
)

router = APIRouter(prefix="/console/organisations", include_in_schema=False)

_HERE: Final = "/console/organisations"
_FIELDS: Final = ("slug", "name", "kind", "currency", "time_zone")
_NEW: Final = {"kind": "distributor", "currency": "INR"}
Text = Annotated[str, Form(max_length=300)]


@router.get("")
def organisations_page(request: Request, caller: Administrator) -> HTMLResponse:
    """All of them, each with its form."""
    return page(request, "organisations.html", **_all(caller), changed="", said=_NEW, refused={})


@router.post("")
def add(
    request: Request, caller: Administrator, slug: Text = "", name: Text = "", kind: Text = "", currency: Text = ""
) -> Response:
    """Add one below one's own."""
    said = {"slug": slug.strip().lower(), "name": name.strip(), "kind": kind, "currency": currency.strip().upper()}
    try:
        add_organisation(caller, NewOrganisation.model_validate(said), Response())
    except REFUSALS as error:
        wrong = refusals(error, _FIELDS, "slug")
        return refused_page(request, "organisations.html", wrong, **_all(caller), changed="", said=said)
    return back_to(_HERE)


@router.post("/{slug}")
def change(
    request: Request,
    caller: Administrator,
    slug: Slug,
    name: Text = "",
    kind: Text = "",
    currency: Text = "",
    time_zone: Text = "",
) -> Response:
    """Change one of them."""
    said = {"name": name.strip(), "kind": kind, "currency": currency.strip().upper(), "time_zone": time_zone.strip()}
    try:
        change_organisation(caller, slug, OrganisationChange.model_validate(said), Response())
    except REFUSALS as error:
        wrong = refusals(error, _FIELDS)
        return refused_page(request, "organisations.html", wrong, **_all(caller), changed=slug, said=said)
    return back_to(_HERE)


def _all(caller: Access) -> dict[str, Any]:
    asked = ListQuery(changed_since=None, sort=None, limit=1000, cursor=None)
    return {"organisations": list_organisations(caller, asked).items, "kinds": get_args(Kind), "new": _NEW}
