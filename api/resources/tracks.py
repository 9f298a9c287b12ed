"""Where a vehicle was: as JSON, or in the formats of other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from api.errors import problem_responses
from api.paging import Cursor, decode, page_of
from api.resources.vehicles import Position, VehicleId, find, position_of
from domain.errors import InvalidInputError
from domain.grades import Grade
from store import fleet
from store.fleet import TrackWindow
from wire.files.sheets import CSV_TYPE, to_csv
from wire.files.track_exports import TrackPoint, to_geojson, to_gpx, to_kml

router = APIRouter(prefix="/vehicles", tags=["vehicles"])

_GEOJSON: Final = "application/geo+json"
_GPX: Final = "application/gpx+xml"
_KML: Final = "application/vnd.google-earth.kml+xml"


class TrackFormat(StrEnum):
    """How to write a track down. Only JSON has everything a fix says."""

    json = "json"
    geojson = "geojson"
    gpx = "gpx"
    kml = "kml"
    csv = "csv"


class Track(BaseModel):
    """Where a vehicle was over a span of time, oldest first."""

    vehicle_id: str
    since: datetime
    until: datetime
    points: list[Position]
    next_cursor: str | None = Field(None, description="Give it as `cursor` to read on; null at the end.")


@router.get(
    "/{vehicle_id}/track",
    operation_id="get_vehicle_track",
    response_model=Track,
    responses={
        200: {"content": {_GEOJSON: {"schema": {"type": "object"}}, _GPX: {}, _KML: {}, CSV_TYPE: {}}},
        **problem_responses(404),
    },
)
def get_vehicle_track(
    caller: Caller,
    vehicle_id: VehicleId,
    since: Annotated[AwareDatetime | None, Query(description="From this fix time; otherwise 24 h before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this fix time; otherwise up to the newest fix.")] = None,
    limit: Annotated[int, Query(ge=1, le=20_000, description="At most so many fixes.")] = 5000,
    rejected: Annotated[bool, Query(description="Also fixes that were found implausible.")] = False,
    format: TrackFormat = TrackFormat.json,  # noqa: A002
    cursor: Cursor = None,
) -> Any:
    """The fixes of a vehicle, oldest first, from whatever trackers were on it at the time."""
    vehicle = find(caller, vehicle_id)
    window = window_of(vehicle, since, until, limit + 1, cursor, rejected=rejected)
    with caller.transaction() as connection:
        fixes = fleet.list_positions(connection, vehicle, window, Grade.rejected)
    points, following = page_of(fixes, limit, position_of, lambda fix: (fix.fix_time, fix.device_id, fix.seq))
    track = Track(vehicle_id=vehicle_id, since=window.since, until=window.until, points=points, next_cursor=following)
    return track if format is TrackFormat.json else _WRITERS[format](track)


def window_of(
    vehicle: fleet.Vehicle, since: datetime | None, until: datetime | None, limit: int, cursor: str | None, *, rejected: bool
) -> TrackWindow:
    """Which fixes are asked for. Raises InvalidInputError for no span and for a foreign cursor."""
    newest = vehicle.fix.fix_time if vehicle.fix else datetime.now(UTC)
    until = until or newest + timedelta(microseconds=1)
    try:
        since = since or until - timedelta(days=1)
    except OverflowError as error:
        raise InvalidInputError("query.until", "is too early") from error
    if until <= since:
        raise InvalidInputError("query.until", "must be later than since")
    after = decode(cursor, datetime, int, int)
    return TrackWindow(since, until, limit, (after[0], after[1], after[2]) if after else None, rejected)


def _points(track: Track) -> list[TrackPoint]:
    return [
        TrackPoint(point.fix_time, point.longitude_deg, point.latitude_deg, point.altitude_m, point.speed_mps)
        for point in track.points
        if point.longitude_deg is not None and point.latitude_deg is not None
    ]


def _geojson(track: Track) -> Response:
    said = {"vehicle_id": track.vehicle_id, "next_cursor": track.next_cursor}
    return JSONResponse(to_geojson(track.vehicle_id, _points(track), said), media_type=_GEOJSON)


def _gpx(track: Track) -> Response:
    return _file(track, "gpx", to_gpx(track.vehicle_id, _points(track)), _GPX)


def _kml(track: Track) -> Response:
    return _file(track, "kml", to_kml(track.vehicle_id, _points(track)), _KML)


def _csv(track: Track) -> Response:
    names = [name for name in Position.model_fields if name != "alarms"]
    rows = ([getattr(point, name) for name in names] for point in track.points)
    return _file(track, "csv", to_csv(names, rows), CSV_TYPE)


def _file(track: Track, ending: str, content: bytes, media_type: str) -> Response:
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in track.vehicle_id)
    headers = {"content-disposition": f'attachment; filename="track-{name}.{ending}"'}
    if track.next_cursor:
        headers["x-next-cursor"] = track.next_cursor
    return Response(content, media_type=media_type, headers=headers)


_WRITERS: Final[Mapping[TrackFormat, Callable[[Track], Response]]] = {
    TrackFormat.geojson: _geojson,
    TrackFormat.gpx: _gpx,
    TrackFormat.kml: _kml,
    TrackFormat.csv: _csv,
}
