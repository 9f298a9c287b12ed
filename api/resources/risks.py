"""How likely it is that goods were taken, and why: of one trip, and of many by driver, vehicle or beat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from api.resources.trips import TripId, find_round
from domain.risk import assess
from store import risks

router = APIRouter(tags=["risk"])

ROLLED_UP: Final = timedelta(days=90)
SUSPICIOUS_FROM: Final = 50.0


class Contribution(BaseModel):
    """What one kind of evidence adds."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["weight_drop"])
    count: int
    log_odds: float = Field(description="Natural logarithm of the likelihood ratio.")
    points: float = Field(description="Points of the score that would be missing without it.")
    text: str


class TripRisk(BaseModel):
    """A score from 0 to 100 with all that made it."""

    model_config = ConfigDict(from_attributes=True)

    trip_id: str
    score: float = Field(ge=0, le=100, examples=[83.1])
    contributions: list[Contribution] = Field(description="The weightiest first.")


class RiskGrouping(StrEnum):
    """Whose trips are taken together. A beat is the lane that a van is sent on again and again."""

    driver = "driver"
    vehicle = "vehicle"
    beat = "beat"


class RolledUpRisk(BaseModel):
    """The trips of one driver, vehicle or beat."""

    model_config = ConfigDict(from_attributes=True)

    subject: str = Field(examples=["van-07"])
    trips: int
    expected: float = Field(description="Pilfered trips to expect among them: the sum of their probabilities.")
    highest: float = Field(description="The highest score of any of them.")
    suspicious: int = Field(description=f"How many score {SUSPICIOUS_FROM:g} or more.")
    worst_trips: list[str]


@router.get("/trips/{trip_id}/risk", operation_id="get_trip_risk", responses=problem_responses(404))
def get_trip_risk(caller: Caller, trip_id: TripId) -> TripRisk:
    """The risk of one trip; that of a trip nobody has anything against is low and has no contributions."""
    trip = find_round(caller, trip_id)
    with caller.transaction() as connection:
        risk = risks.risk_of_trip(connection, trip.org_id, trip_id) or assess(())
    contributions = [Contribution.model_validate(one) for one in risk.contributions]
    return TripRisk(trip_id=trip_id, score=risk.score, contributions=contributions)


@router.get("/risks", operation_id="list_risks")
def list_risks(
    caller: Caller,
    by: RiskGrouping = RiskGrouping.vehicle,
    since: Annotated[AwareDatetime | None, Query(description="Planned to start then or later; 90 days ago without it.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Planned to start before; now without it.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[RolledUpRisk]:
    """By driver, vehicle or beat, the riskiest on average first."""
    end = until or datetime.now(UTC)
    with caller.transaction() as connection:
        rows = risks.roll_up(
            connection,
            by.value,
            since or end - min(ROLLED_UP, end - datetime.min.replace(tzinfo=UTC)),
            end,
            unsuspected=assess(()).score,
            suspicious=SUSPICIOUS_FROM,
            limit=limit,
        )
    return [RolledUpRisk.model_validate(row) for row in rows]
