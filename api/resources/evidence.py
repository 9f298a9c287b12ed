"""What an alert rests on: as figures, as a picture, and as a map to look at and to keep."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Caller
from api.errors import problem_responses
from api.maps.alert_map import draw_alert
from api.maps.leaflet import linked_page, self_contained_page
from api.pages.drawing import need_assets
from api.resources.alerts import Alert, AlertId, alert_of
from api.resources.vehicles import Position, position_of
from evidence.dossier import Dossier
from evidence.gathering import gather

router = APIRouter(prefix="/alerts", tags=["alerts"])

_PNG: Final = "image/png"


class NearPlace(BaseModel):
    """A zone or planned stop close to where it happened."""

    model_config = ConfigDict(from_attributes=True)

    what: str = Field(description="The kind of zone, or `stop`.", examples=["depot"])
    identifier: str
    name: str
    distance_m: float = Field(description="To its boundary; negative inside.", examples=[212.4])


class SensorReading(BaseModel):
    """A reading of the shelf, cooler or asset sensor that the alert is about."""

    model_config = ConfigDict(from_attributes=True)

    measured_at: datetime
    weight_g: float | None
    temperature_c: float | None
    humidity_pct: float | None
    door_open: bool | None
    count: int | None


class Evidence(BaseModel):
    """Everything from ten minutes before to ten minutes after the newest event of an alert."""

    alert: Alert
    since: datetime
    until: datetime
    facts: dict[str, Any] = Field(description="The numbers that decided.")
    track: list[Position] = Field(description="Fixes of the van, with door, cargo, fuel and ignition, oldest first.")
    readings: list[SensorReading]
    near: list[NearPlace] = Field(description="Zones and planned stops within a kilometre, nearest first.")


@router.get("/{alert_id}/evidence", operation_id="get_alert_evidence", responses=problem_responses(404))
def get_alert_evidence(caller: Caller, alert_id: AlertId) -> Evidence:
    """The evidence as figures."""
    dossier = _gathered(caller, alert_id)
    return Evidence(
        alert=alert_of(dossier.alert),
        since=dossier.since,
        until=dossier.until,
        facts=dict(dossier.alert.facts),
        track=[position_of(fix) for fix in dossier.track],
        readings=[SensorReading.model_validate(reading) for reading in dossier.readings],
        near=[NearPlace.model_validate(place) for place in dossier.near],
    )


@router.get(
    "/{alert_id}/evidence.png",
    operation_id="get_alert_picture",
    response_class=Response,
    responses={200: {"content": {_PNG: {}}}, **problem_responses(404)},
)
def get_alert_picture(caller: Caller, alert_id: AlertId) -> Response:
    """The evidence as a picture: a map, and below it what the sensors said."""
    from evidence.picture import draw  # the drawing library takes a second to load, which few requests need

    return Response(draw(_gathered(caller, alert_id)), media_type=_PNG)


@router.get(
    "/{alert_id}/map",
    operation_id="get_alert_map",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(404)},
)
def get_alert_map(
    request: Request,
    caller: Caller,
    alert_id: AlertId,
    download: Annotated[bool, Query(description="One file with everything in it, to keep and to send.")] = False,
) -> HTMLResponse:
    """The evidence as a map. It asks no other host for anything."""
    shelf = need_assets(request)
    drawn = draw_alert(_gathered(caller, alert_id))
    if download:
        headers = {"content-disposition": f'attachment; filename="alert-{alert_id}.html"'}
        return HTMLResponse(self_contained_page(drawn), headers=headers)
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    return HTMLResponse(linked_page(drawn, shelf.address, nonce), headers={"content-security-policy": policy})


def _gathered(caller: Access, alert_id: int) -> Dossier:
    with caller.transaction() as connection:
        return gather(connection, alert_id, datetime.now(UTC))
