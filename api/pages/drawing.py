"""How a page of the console is drawn: its template, the bar, and the files it needs, all from our own host."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from api import assets
from domain.errors import UnavailableError
from domain.people import Permission

TEMPLATES: Final = Jinja2Templates(assets.CONSOLE / "templates")
_WITHOUT_SIGNING_IN: Final = {"sign_in.html", "answer.html", "refused.html", "retailer.html"}
_NOTHING_THERE: Final = "There is no page at this address."
_LONGEST: Final = 2000
"""So much of a refusal goes into an address."""
_LOOKING: Final = frozenset({Permission.observe})
_PAGES: Final = (
    ("/", "Live", _LOOKING),
    ("/console/board", "Day board", _LOOKING),
    ("/console/loads", "Loads", _LOOKING),
    ("/driver", "My trip", frozenset({Permission.deliver})),
    ("/console/alerts", "Alerts", _LOOKING),
    ("/console/approvals", "Approvals", _LOOKING),
    ("/console/reports", "Reports", _LOOKING),
    ("/console/replay", "Past days", _LOOKING),
    ("/console/zones", "Zones", _LOOKING),
    ("/console/tables", "Tables", _LOOKING | {Permission.sell}),
    ("/console/setup", "Set-up", _LOOKING),
    ("/docs", "API", frozenset(Permission)),
)
"""What the bar leads to, and for whom."""
_ADMINISTERING: Final = frozenset({Permission.administer})
_SETUP: Final = (
    ("/console/people", "People", _ADMINISTERING, "Who may sign in, as what, and what they drive; their sessions."),
    ("/console/notices", "Notices", _ADMINISTERING, "Who hears of which alerts, by what, and when not to."),
    ("/console/thresholds", "Thresholds", _LOOKING, "From what on a rule speaks: for everybody, a route, a class of outlets."),
    ("/console/exceptions", "Exceptions", _LOOKING, "Where rules hold back: breakdowns, detours, places to halt, breaks."),
    ("/console/rules", "Rules", _LOOKING, "Rules of one's own, tried on past days before they are switched on."),
    ("/console/webhooks", "Webhooks", _ADMINISTERING, "Where other programs are told, and whether it reached them."),
    ("/console/organisations", "Organisations", _ADMINISTERING, "Name, money and clock of one's own and of those below."),
)
"""What the page of the set-up leads to, for whom, and what it is good for."""


class Shelf:
    """The files that may be served, and the short name of their state that stands in their addresses."""

    def __init__(self, tile_url: str) -> None:
        self.files = assets.served_files()
        self.digest = assets.digest()
        self.address = f"/static/{self.digest}"
        self.tile_url = tile_url
        self.missing = assets.missing_files()

    def file(self, name: str) -> FilePath:
        """The file of that name. Raises a 404 when it is none of ours."""
        if name not in self.files or name in self.missing:
            raise HTTPException(404, f"no file {name!r}")
        return self.files[name]


def need_assets(request: Request) -> Shelf:
    """The files to draw with. Raises UnavailableError when they are not installed."""
    shelf: Shelf = request.app.state.shelf
    if shelf.missing:
        raise UnavailableError(f"the console's assets are not installed ({shelf.missing[0]} is missing): run `make setup`")
    return shelf


def page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page of the console. Raises UnavailableError when what it is drawn with is not installed."""
    shelf = need_assets(request)
    signed_in = request.app.state.gate.open_for is None and template not in _WITHOUT_SIGNING_IN
    permissions = getattr(request.state, "permissions", frozenset(Permission))
    here = request.url.path
    setup = [(address, name, what) for address, name, needed, what in _SETUP if not needed.isdisjoint(permissions)]
    values = {"pages": [(address, name) for address, name, needed in _PAGES if not needed.isdisjoint(permissions)], **values}
    values |= {"setup": setup, "in_setup": any(here == address or here.startswith(f"{address}/") for address, *_ in setup)}
    shown = {"static": shelf.address, "tile_url": shelf.tile_url, "here": here, "signed_in": signed_in, **values}
    return TEMPLATES.TemplateResponse(request, template, shown, status_code=status_code)


def draw_refusal(request: Request, status: HTTPStatus, detail: str) -> Response | None:
    """What was refused, for people; nothing when what pages are drawn with is not installed."""
    if request.app.state.shelf.missing:
        return None
    said = _NOTHING_THERE if detail == HTTPStatus.NOT_FOUND.phrase else detail
    return page(request, "refused.html", status_code=status, status=status, detail=said)


def back_to(address: str, refusal: object = None) -> Response:
    """Show the page at `address` anew after what somebody did there, with what was refused, in words or as the error."""
    refused = "" if refusal is None else "?" + urlencode({"refusal": str(refusal)[:_LONGEST]})
    return RedirectResponse(quote(address) + refused, status_code=303)
