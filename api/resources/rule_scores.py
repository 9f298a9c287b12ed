"""How right each rule is, by what people said when they closed its alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller
from domain.learning import scores
from store.lessons import Period, verdicts

router = APIRouter(prefix="/rule-scores", tags=["alerts"])

SCORED: Final = timedelta(days=28)


class RuleScore(BaseModel):
    """The alerts of one rule that people closed."""

    rule: str = Field(examples=["unscheduled_stop"])
    confirmed: int
    false: int
    precision: float = Field(description="Confirmed ones of all that people closed.", ge=0, le=1)


@router.get("", operation_id="list_rule_scores")
def list_rule_scores(
    caller: Caller,
    since: Annotated[AwareDatetime | None, Query(description="Closed then or later; 28 days ago without it.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Closed before; now without it.")] = None,
) -> list[RuleScore]:
    """By rule, those of which people closed any alert. What resolved itself is no verdict and does not count."""
    end = until or datetime.now(UTC)
    begin = since or end - min(SCORED, end - datetime.min.replace(tzinfo=UTC))
    with caller.transaction() as connection:
        found = scores(verdicts(connection, None, Period(begin, end), {}))
    return [
        RuleScore(rule=rule, confirmed=one.confirmed, false=one.false, precision=one.precision) for rule, one in found.items()
    ]
