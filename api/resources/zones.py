"""Zones as GeoJSON, in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel

from api.access import Access, Caller, Planner
from api.errors import problem_responses
from api.resources.trips import Stored
from domain.errors import NotFoundError
from domain.zones import Zone, ZoneKind
from store import planning
from store.audit import Change
from wire.files.zone_geojson import parse_zones, zone_feature

router = APIRouter(prefix="/zones", tags=["zones"])

MEDIA_TYPE: Final = "application/geo+json"
_EXAMPLE: Final[dict[str, Any]] = {
    "type": "Feature",
    "id": "depot-north",
    "properties": {"kind": "depot", "name": "Depot north", "radius_m": 150},
    "geometry": {"type": "Point", "coordinates": [77.5946, 12.9716]},
}


class GeoJson(Response):
    """GeoJSON (RFC 7946)."""

    media_type = MEDIA_TYPE


class Feature(BaseModel):
    """A zone: a polygon, a point with `radius_m`, or a line with `width_m` on each side."""

    type: str = "Feature"
    id: str
    properties: dict[str, Any]
    geometry: dict[str, Any]


class FeatureCollection(BaseModel):
    """Zones of one moment."""

    type: str = "FeatureCollection"
    features: list[Feature]


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A GeoJSON Feature or FeatureCollection; a feature's `id` names its zone.",
        "content": {media: {"schema": {"type": "object"}, "example": _EXAMPLE} for media in (MEDIA_TYPE, "application/json")},
    }
}

ZoneId = Annotated[str, Path(max_length=200, examples=["depot-north"])]
At = Annotated[AwareDatetime | None, Query(description="As they were at this moment; otherwise now.")]


@router.get("", operation_id="list_zones", responses={200: {"content": {MEDIA_TYPE: {}}}})
def list_zones(
    caller: Caller, at: At = None, kind: Annotated[list[ZoneKind] | None, Query(description="Of one of these kinds.")] = None
) -> FeatureCollection:
    """All zones that hold at a moment, as one FeatureCollection."""
    zones = [zone for zone in _zones(caller, at) if kind is None or zone.kind in kind]
    return FeatureCollection(features=[Feature.model_validate(zone_feature(zone)) for zone in zones])


@router.get("/{zone_id}", operation_id="get_zone", responses=problem_responses(404))
def get_zone(caller: Caller, zone_id: ZoneId, at: At = None) -> Feature:
    """One zone as a Feature."""
    for zone in _zones(caller, at):
        if zone.zone_id == zone_id:
            return Feature.model_validate(zone_feature(zone))
    raise NotFoundError("zone", zone_id)


@router.post("", operation_id="save_zones", status_code=201, openapi_extra=_BODY, responses=problem_responses(422))
async def save_zones(caller: Planner, request: Request) -> Stored:
    """Store zones, all or none. A zone that is there gets a new version; conclusions are drawn again from when it holds."""
    body = await request.body()
    return await run_in_threadpool(_save, caller, body)


@router.delete("/{zone_id}", operation_id="retire_zone", status_code=204, responses=problem_responses(404))
def retire_zone(caller: Planner, zone_id: ZoneId, since: At = None) -> None:
    """Let a zone hold no longer from a moment on, otherwise from now; what it was before stays known."""
    with caller.transaction() as connection:
        moment = since or datetime.now(UTC)
        planning.retire_zone(connection, caller.org_id, zone_id, since=moment)
        before = {"since": moment.isoformat()}
        caller.note(connection, Change(action="zone.retire", kind="zone", identifier=zone_id, before=before))


def _zones(caller: Access, at: datetime | None) -> list[Zone]:
    moment = at or datetime.now(UTC)
    with caller.transaction() as connection:
        by_organisation = planning.zones_between(connection, moment, moment)
    return [zone for zones in by_organisation.values() for zone in zones]


def _save(caller: Access, body: bytes) -> Stored:
    zones = parse_zones(body)
    with caller.transaction() as connection:
        changed = {zone.zone_id: planning.save_zone(connection, caller.org_id, zone) for zone in zones}
        for zone in zones:
            if changed[zone.zone_id]:
                after = zone_feature(zone)["properties"]
                caller.note(connection, Change(action="zone.save", kind="zone", identifier=zone.zone_id, after=after))
    return Stored(
        stored=[zone_id for zone_id, is_new in changed.items() if is_new],
        unchanged=[zone_id for zone_id, is_new in changed.items() if not is_new],
    )
