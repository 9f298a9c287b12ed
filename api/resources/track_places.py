"""Where a vehicle was, in the fewest bytes: one list a member, for maps and for who reads many days."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from api.errors import problem_responses
from api.paging import Cursor, encode
from api.resources.tracks import window_of
from api.resources.vehicles import VehicleId, find
from domain.grades import Grade
from store import fleet

router = APIRouter(prefix="/vehicles", tags=["vehicles"])


class TrackPlaces(BaseModel):
    """Fixes of a vehicle, oldest first; the n-th of each list belongs together."""

    vehicle_id: str
    next_cursor: str | None = Field(description="Give it as `cursor` to read on; null at the end.")
    fix_at: list[float] = Field(description="Unix seconds of the fix.", examples=[[1772435650]])
    longitude_e7: list[int | None] = Field(description="In 1e-7 degrees.", examples=[[775946000]])
    latitude_e7: list[int | None] = Field(examples=[[129716000]])
    speed_mps: list[float | None] = Field(examples=[[8.3]])
    course_deg: list[float | None] = Field(examples=[[271.5]])


@router.get(
    "/{vehicle_id}/track/places",
    operation_id="list_track_places",
    response_model=TrackPlaces,
    responses=problem_responses(404),
)
def list_track_places(
    caller: Caller,
    vehicle_id: VehicleId,
    since: Annotated[AwareDatetime | None, Query(description="From this fix time; otherwise 24 h before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this fix time; otherwise up to the newest fix.")] = None,
    limit: Annotated[int, Query(ge=1, le=100_000, description="At most so many fixes.")] = 20_000,
    cursor: Cursor = None,
) -> Response:
    """Plausible fixes of a vehicle. `/track` says more of each, and has other formats."""
    vehicle = find(caller, vehicle_id)
    window = window_of(vehicle, since, until, limit, cursor, rejected=False)
    with caller.transaction() as connection:
        places, last = fleet.track_places(connection, vehicle, window, Grade.rejected)
    said = json.dumps({"vehicle_id": vehicle_id, "next_cursor": None if last is None else encode(*last)})
    return Response(f"{said[:-1]},{places[1:]}", media_type="application/json")
