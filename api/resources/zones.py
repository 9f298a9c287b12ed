"""Zones as GeoJSON, in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Access, Caller, Planner
from api.errors import problem_responses
from api.listing import SINCE, SORT, ListQuery, record_page
from api.paging import Cursor
from api.resources.trips import Stored
from api.versions import IfMatch, check_unchanged, tag
from domain.errors import InvalidInputError
from domain.zones import Zone, ZoneKind
from store import planning, zone_list
from store.audit import Change
from store.listing import Part
from store.pool import Connection
from store.zone_list import ListedZone
from wire.files.zone_geojson import parse_zones, zone_feature

router = APIRouter(prefix="/zones", tags=["zones"])

MEDIA_TYPE: Final = "application/geo+json"
MOST_ZONES: Final = 50_000
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
    """Zones of one moment, with the members that every list has."""

    type: str = "FeatureCollection"
    features: list[Feature]
    next_cursor: str | None = Field(None, description="Give it as `cursor` to read on; null at the end.")
    as_of: datetime = Field(description="Give it as `changed_since` the next time: nothing that is committed later is missed.")


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A GeoJSON Feature or FeatureCollection; a feature's `id` names its zone.",
        "content": {media: {"schema": {"type": "object"}, "example": _EXAMPLE} for media in (MEDIA_TYPE, "application/json")},
    }
}

ZoneId = Annotated[str, Path(max_length=200, examples=["depot-north"])]


def _zone_query(
    changed_since: Annotated[AwareDatetime | None, Query(description=SINCE)] = None,
    sort: Annotated[str | None, Query(max_length=50, description=SORT)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ZONES, description="At most so many zones.")] = MOST_ZONES,
    cursor: Cursor = None,
) -> ListQuery:
    """As any list, but a map wants all of them at once."""
    return ListQuery(changed_since, sort, limit, cursor)


At = Annotated[AwareDatetime | None, Query(description="As they were at this moment; otherwise now.")]


@router.get("", operation_id="list_zones", responses={200: {"content": {MEDIA_TYPE: {}}}})
def list_zones(
    caller: Caller,
    listed: Annotated[ListQuery, Depends(_zone_query)],
    at: At = None,
    kind: Annotated[list[ZoneKind] | None, Query(description="Of one of these kinds.")] = None,
) -> FeatureCollection:
    """Zones that hold at a moment, as one FeatureCollection.

    With `changed_since`, those that were changed, also when they hold no longer: their `valid_until` tells.
    """
    moment = at or datetime.now(UTC)

    def read(connection: Connection, part: Part) -> list[ListedZone]:
        return zone_list.list_zones(connection, moment, kind, part)

    page = record_page(caller, zone_list.LISTING, listed, read, _feature)
    return FeatureCollection(features=page.items, next_cursor=page.next_cursor, as_of=page.as_of)


@router.get("/{zone_id}", operation_id="get_zone", responses=problem_responses(404))
def get_zone(caller: Caller, zone_id: ZoneId, response: Response, at: At = None) -> Feature:
    """One zone as a Feature."""
    with caller.transaction() as connection:
        found = zone_list.zone_named(connection, zone_id, at or datetime.now(UTC))
    response.headers["etag"] = tag(found.changed_at)
    return _feature(found)


@router.post("", operation_id="save_zones", status_code=201, openapi_extra=_BODY, responses=problem_responses(422))
async def save_zones(caller: Planner, request: Request) -> Stored:
    """Store zones, all or none. A zone that is there gets a new version; conclusions are drawn again from when it holds."""
    body = await request.body()
    return await run_in_threadpool(_save, caller, body)


@router.delete("/{zone_id}", operation_id="retire_zone", status_code=204, responses=problem_responses(404, 412))
def retire_zone(caller: Planner, zone_id: ZoneId, since: At = None, if_match: IfMatch = None) -> None:
    """Let a zone hold no longer from a moment on, otherwise from now; what it was before stays known."""
    with caller.transaction() as connection:
        moment = since or datetime.now(UTC)
        if if_match is not None:
            check_unchanged(if_match, zone_list.zone_named(connection, zone_id, moment).changed_at)
        planning.retire_zone(connection, caller.org_id, zone_id, since=moment)
        before = {"since": moment.isoformat()}
        caller.note(connection, Change(action="zone.retire", kind="zone", identifier=zone_id, before=before))


def _feature(listed: ListedZone) -> Feature:
    return Feature.model_validate(zone_feature(listed.zone))


def _save(caller: Access, body: bytes) -> Stored:
    zones = parse_zones(body)
    _refuse_twins(zones)
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


def _refuse_twins(zones: list[Zone]) -> None:
    """Of two zones with one name that hold at the same times, the second would take the place of the first unsaid."""
    told = set()
    for number, zone in enumerate(zones):
        key = (zone.zone_id, zone.valid_from, zone.valid_until)
        if key in told:
            raise InvalidInputError(f"features.{number}.id", f"{zone.zone_id!r} is there twice")
        told.add(key)
