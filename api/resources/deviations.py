"""Deviations: when and where a van left its planned route, how far, what it cost, and where it came back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from api.listing import Listed, RecordPage, record_page
from domain.events import Severity
from store import deviations
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/deviations", tags=["events"])


class Spot(BaseModel):
    """A place."""

    longitude_deg: float
    latitude_deg: float


class Deviation(BaseModel):
    """One time off the route. Null where the van has not come back yet."""

    event_id: str
    vehicle_id: str
    trip_id: str | None
    severity: Severity
    started_at: datetime
    ended_at: datetime | None
    peak_m: float | None = Field(description="The farthest it was from the route, so far.")
    extra_m: float | None = Field(description="Driven more than the route would have been.")
    left_at_m: float | None = Field(description="Along the route, where it was left.")
    rejoined_at_m: float | None = Field(description="Along the route, where it was met again.")
    seen_off_at: Spot | None = Field(description="Where the deviation was found.")
    rejoined_at: Spot | None
    reason: str = Field(description="unloading, halt, short_cut, way_round, or unknown while it lasts.", examples=["way_round"])
    is_excused: bool = Field(description="Others of the fleet had to take the same way, so that it is no event.")
    changed_at: datetime


@router.get("", operation_id="list_deviations")
def list_deviations(
    caller: Caller,
    asked: Listed,
    trip_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Begun at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Begun before this time.")] = None,
) -> RecordPage[Deviation]:
    """Deviations, the latest first."""

    def read(connection: Connection, part: Part) -> list[deviations.Deviation]:
        return deviations.list_deviations(connection, trip_id=trip_id, since=since, until=until, part=part)

    return record_page(caller, deviations.LISTING, asked, read, _shown)


def _shown(row: deviations.Deviation) -> Deviation:
    named = {name: getattr(row, name) for name in Deviation.model_fields if name not in {"seen_off_at", "rejoined_at"}}
    return Deviation(
        **named,
        seen_off_at=_spot(row.longitude_deg, row.latitude_deg),
        rejoined_at=_spot(row.rejoined_longitude_deg, row.rejoined_latitude_deg),
    )


def _spot(longitude_deg: float | None, latitude_deg: float | None) -> Spot | None:
    if longitude_deg is None or latitude_deg is None:
        return None
    return Spot(longitude_deg=longitude_deg, latitude_deg=latitude_deg)
