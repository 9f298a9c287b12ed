"""Rules that raised: each was left out where it did, and everything else went on."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller
from store import rule_faults

router = APIRouter(prefix="/rule-faults", tags=["service"])

_AT_MOST = 200


class RuleFault(BaseModel):
    """How often a rule raised the same."""

    model_config = ConfigDict(from_attributes=True)

    rule: str
    error: str
    device_key: str = Field(description="The tracker that it was about last.")
    count: int
    first_at: datetime
    last_at: datetime


class RuleFaults(BaseModel):
    """The latest first."""

    items: list[RuleFault]


@router.get("", operation_id="list_rule_faults")
def list_rule_faults(caller: Caller) -> RuleFaults:
    """What rules raised. It should be empty."""
    with caller.transaction() as connection:
        rows = rule_faults.list_faults(connection, _AT_MOST)
    return RuleFaults(items=[RuleFault.model_validate(row) for row in rows])
