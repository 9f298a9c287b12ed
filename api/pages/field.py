"""Pages for those who work with their hands: the driver's on a phone, the checker's at the ramp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from api import assets
from api.access import Access, Caller, Checker, Deliverer
from api.pages.drawing import back_to, need_assets, page
from api.pages.forms import FORM, REFUSALS, Texts, refusals_by_line, sentence
from api.resources.load_outs import LoadCount, LoadOpening, count_load_out, get_load_out, open_load_out
from api.resources.trip_life import get_trip_life
from api.resources.trips import TripId
from domain.errors import NotFoundError
from domain.trip_life import TripState
from store import rounds
from store.listing import Part
from store.rounds import RoundFilter

router = APIRouter(include_in_schema=False)

_AT_THE_RAMP: Final = [TripState.planned, TripState.loading, TripState.load_confirmed]
_AROUND_NOW: Final = timedelta(hours=18)
_MOST: Final = 200
_COUNTED: Final = {"pieces", "reason", "crates"}


@router.get("/driver")
def driver_page(request: Request, _caller: Deliverer) -> HTMLResponse:
    """The driver's page. It keeps working without a network, and sends what was done when there is one again."""
    modules = [name for name in need_assets(request).files if name.startswith("driver/") and name.endswith(".js")]
    modules = [*sorted(set(modules) - {"driver/worker.js"}), "live/dom.js", "live/sign_in.js", "live/words.js"]
    answer = page(request, "driver.html", modules=modules)  # said at once: over a slow network each import is a round trip
    answer.headers["cache-control"] = "no-cache"
    return answer


@router.get("/driver/worker.js")
def driver_worker() -> FileResponse:
    """The script that keeps the driver's page on the phone; it has to come from where it holds."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/driver"}
    return FileResponse(assets.OWN / "driver" / "worker.js", media_type="text/javascript", headers=headers)


@router.get("/console/loads")
def loads_page(request: Request, caller: Caller) -> HTMLResponse:
    """Trips that are about to be loaded."""
    now = datetime.now(UTC)
    wanted = RoundFilter(states=_AT_THE_RAMP, since=now - _AROUND_NOW, until=now + _AROUND_NOW)
    with caller.transaction() as connection:
        trips = rounds.list_rounds(connection, wanted, Part(limit=_MOST))
    return page(request, "loads.html", trips=sorted(trips, key=lambda trip: (trip.planned_start, trip.trip_id)))


@router.get("/console/loads/{trip_id}")
def load_page(
    request: Request, caller: Caller, trip_id: TripId, refusal: Annotated[str | None, Query(max_length=2000)] = None
) -> HTMLResponse:
    """What goes on a van, to count."""
    return _load(request, caller, trip_id, {FORM: refusal} if refusal else {}, None)


@router.post("/console/loads/{trip_id}/open")
def open_load(caller: Checker, trip_id: TripId, depot_id: Annotated[str, Form(max_length=200)] = "depot") -> Response:
    """Begin to load."""
    try:
        open_load_out(caller, trip_id, LoadOpening(depot_id=depot_id or "depot"), Response())
    except REFUSALS as error:
        return back_to(f"/console/loads/{trip_id}", sentence(error))
    return back_to(f"/console/loads/{trip_id}")


@router.post("/console/loads/{trip_id}/counts")
def count_load(
    request: Request,
    caller: Checker,
    trip_id: TripId,
    counted_as: Annotated[str, Form(pattern="^(checker|driver)$")],
    product_id: Texts = None,
    pieces: Texts = None,
    reason: Texts = None,
    crates: Annotated[str, Form(max_length=20)] = "0",
) -> Response:
    """Take the counts of a whole load; when they are refused, what was typed stays."""
    lines = _lines(product_id or [], pieces or [], reason or [])
    try:
        count = LoadCount.model_validate({"counted_as": counted_as, "lines": lines, "crates": crates})
        count_load_out(caller, trip_id, count, Response())
    except REFUSALS as error:
        said = {"counted_as": counted_as, "crates": crates, "lines": {line["product_id"]: line for line in lines}}
        return _load(request, caller, trip_id, refusals_by_line(error, _COUNTED), said)
    return back_to(f"/console/loads/{trip_id}")


def _load(request: Request, caller: Access, trip_id: str, refused: dict[str, str], said: dict[str, Any] | None) -> HTMLResponse:
    """The page of a load, with `said` as somebody typed it."""
    try:
        load = get_load_out(caller, trip_id, Response())
    except NotFoundError:
        load = None
    trip = get_trip_life(caller, trip_id, Response())
    return page(request, "load.html", status_code=422 if said else 200, trip=trip, load=load, refused=refused, said=said)


def _lines(products: list[str], pieces: list[str], reasons: list[str]) -> list[dict[str, Any]]:
    told = zip_longest(products, pieces, reasons, fillvalue="")
    return [{"product_id": product, "pieces": count, "reason": reason or None} for product, count, reason in told]
