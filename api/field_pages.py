"""Pages for those who work with their hands: the driver's on a phone, the checker's at the ramp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from api import assets
from api.access import Caller, Checker, Deliverer
from api.pages import page
from api.resources.load_outs import CountedLine, LoadCount, LoadOpening, count_load_out, get_load_out, open_load_out
from api.resources.trip_life import get_trip_life
from api.resources.trips import TripId
from domain.errors import BeatwatchError, InvalidInputError, NotFoundError
from domain.trip_life import TripState
from store import rounds
from store.listing import Part
from store.rounds import RoundFilter

router = APIRouter(include_in_schema=False)

_AT_THE_RAMP: Final = [TripState.planned, TripState.loading, TripState.load_confirmed]
_AROUND_NOW: Final = timedelta(hours=18)
_MOST: Final = 200

Pieces = Annotated[list[int] | None, Form()]
Names = Annotated[list[str] | None, Form()]


@router.get("/driver")
def driver_page(request: Request, _caller: Deliverer) -> HTMLResponse:
    """The driver's page. It keeps working without a network, and sends what was done when there is one again."""
    answer = page(request, "driver.html")
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
    try:
        load = get_load_out(caller, trip_id, Response())
    except NotFoundError:
        load = None
    return page(request, "load.html", trip=get_trip_life(caller, trip_id, Response()), load=load, refusal=refusal)


@router.post("/console/loads/{trip_id}/open")
def open_load(
    request: Request, caller: Checker, trip_id: TripId, depot_id: Annotated[str, Form(max_length=200)] = "depot"
) -> Response:
    """Begin to load."""
    try:
        open_load_out(caller, trip_id, LoadOpening(depot_id=depot_id or "depot"), Response())
    except BeatwatchError as error:
        return _back(request, trip_id, error)
    return _back(request, trip_id)


@router.post("/console/loads/{trip_id}/counts")
def count_load(
    request: Request,
    caller: Checker,
    trip_id: TripId,
    counted_as: Annotated[str, Form(pattern="^(checker|driver)$")],
    product_id: Names = None,
    pieces: Pieces = None,
    reason: Names = None,
) -> Response:
    """Take the counts of a whole load."""
    try:
        lines = _lines(product_id or [], pieces or [], reason or [])
        count_load_out(caller, trip_id, LoadCount.model_validate({"counted_as": counted_as, "lines": lines}), Response())
    except BeatwatchError as error:
        return _back(request, trip_id, error)
    return _back(request, trip_id)


def _lines(products: list[str], pieces: list[int], reasons: list[str]) -> list[CountedLine]:
    if not len(products) == len(pieces) == len(reasons):
        raise InvalidInputError("lines", "every product needs its pieces")
    told = zip(products, pieces, reasons, strict=True)
    return [CountedLine(product_id=product, pieces=count, reason=reason or None) for product, count, reason in told]


def _back(request: Request, trip_id: str, error: BeatwatchError | None = None) -> Response:
    address = request.url_for("load_page", trip_id=trip_id)
    if error is not None:
        address = address.include_query_params(refusal=str(error))
    return RedirectResponse(address.path + (f"?{address.query}" if address.query else ""), status_code=303)
