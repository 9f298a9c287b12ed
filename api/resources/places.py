"""Where everybody is, in the fewest bytes: one list a member, for maps of a whole fleet."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.access import Caller
from store import fleet

router = APIRouter(prefix="/places", tags=["vehicles"])


class Places(BaseModel):
    """The newest place of every vehicle that has one; the n-th of each list belongs together."""

    vehicle_id: list[str] = Field(examples=[["van-07"]])
    longitude_e7: list[int] = Field(description="In 1e-7 degrees.", examples=[[775946000]])
    latitude_e7: list[int] = Field(examples=[[129716000]])
    speed_mps: list[float | None] = Field(examples=[[8.3]])
    course_deg: list[float | None] = Field(examples=[[271.5]])
    fix_at: list[float] = Field(description="Unix seconds of the fix.", examples=[[1772435650]])


@router.get("", operation_id="list_places", response_model=Places)
def list_places(caller: Caller) -> Response:
    """Everybody's newest place at once. `/vehicles` says more of each, and `/live` tells what moves from then on."""
    with caller.transaction() as connection:
        return Response(fleet.latest_places(connection), media_type="application/json")
