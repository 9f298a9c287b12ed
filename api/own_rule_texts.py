"""Rules of one's own as they are written and shown."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.records.resource import Given
from domain.events import Severity
from domain.zones import OpenHours
from own_rules.definition import LONGEST_COOL_DOWN_S, LONGEST_FOR_S, MOST_SUBJECTS, PREFIX, Definition
from own_rules.language import LONGEST
from own_rules.vocabulary import Series
from store.own_rules import OwnRule


class Hours(Given):
    """From `opens` to `closes` on a weekday, past midnight if `closes` is not later."""

    weekday: int = Field(ge=0, le=6, description="0 is Monday.")
    opens: time = Field(examples=["22:00"])
    closes: time = Field(examples=["05:00"])


class RuleText(Given):
    """A rule as it is written."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["Door open in the market"])
    series: Series = Field(Series.position, description="Whether it watches trackers or sensors.")
    expression: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="In CEL (https://cel.dev) over the names of `GET /own-rules/facts`.",
        examples=["door_open && 'red' in zone_kinds && speed_mps < 1.0"],
    )
    severity: Severity = Severity.medium
    for_s: float = Field(0.0, ge=0, le=LONGEST_FOR_S, description="It has to hold at every reading for so long.")
    silence_s: float = Field(900.0, ge=60, le=LONGEST_FOR_S, description="Readings further apart tell nothing in between.")
    cool_down_s: float = Field(
        900.0, ge=0, le=LONGEST_COOL_DOWN_S, description="After an event none of the device for so long."
    )
    hours: list[Hours] = Field([], max_length=50, description="By the organisation's `time_zone`; none: at all hours.")
    subjects: list[Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]] = Field(
        [], max_length=MOST_SUBJECTS, description="Vehicles or devices; none: all."
    )


class TrialSample(BaseModel):
    """An event that it would have told."""

    device: str
    trip_id: str | None
    started_at: datetime
    ended_at: datetime | None
    facts: dict[str, Any]


class Trial(BaseModel):
    """What a rule would have told on past days."""

    since: datetime
    until: datetime
    readings: int
    devices: int
    devices_tried: int = Field(description="Fewer than `devices` where there is more to read than is read at once.")
    device_days: int = Field(description="Days with readings, of all devices together.")
    events: int
    events_per_device_day: float | None
    by_device: dict[str, int]
    unknown: int = Field(description="Readings for which it depended on what nobody said.")
    faults: dict[str, int] = Field(description="What went wrong, and how often.")
    mean_ms: float = Field(description="Processor time of one evaluation.")
    samples: list[TrialSample]


class Rule(RuleText):
    """A rule in its newest version."""

    model_config = ConfigDict(extra="ignore")

    rule_id: str = Field(examples=["door_in_market"])
    rule: str = Field(description="Its name in events, alerts and recipients.", examples=["own_door_in_market"])
    version: int
    state: str = Field(description="Of this version: draft, tried, on, off or suspended.")
    changed_at: datetime
    changed_by: str
    tried_at: datetime | None
    tried_by: str | None
    on_version: int | None = Field(description="The version that is on; an older one goes on while a newer one is written.")
    on_since: datetime | None
    on_by: str | None
    off_since: datetime | None
    off_by: str | None
    off_because: str | None = Field(description="Why it was suspended.")
    followed_at: datetime = Field(description="When anything of it changed last; the ETag is made of it.")


class Version(RuleText):
    """One version of a rule."""

    model_config = ConfigDict(extra="ignore")

    version: int
    state: str
    made_at: datetime
    made_by: str
    tried_at: datetime | None
    tried_by: str | None


class Span(BaseModel):
    """When a version was on."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    since: datetime
    until: datetime | None
    started_by: str
    ended_by: str | None
    because: str | None


class RuleWithHistory(Rule):
    """A rule with its trial, its versions and when each was on."""

    trial: Trial | None
    versions: list[Version]
    spans: list[Span]


def rule_of(row: OwnRule) -> Rule:
    """A stored rule as the API shows it."""
    plain = {name: getattr(row, name) for name in Rule.model_fields if hasattr(row, name)}
    return Rule(**row.definition, **plain, rule=PREFIX + row.rule_id)


def definition_of(text: RuleText) -> Definition:
    """What is stored of a text."""
    hours = tuple(OpenHours(one.weekday, one.opens, one.closes) for one in text.hours)
    plain = text.model_dump(exclude={"hours", "subjects"})
    return Definition(**plain, hours=hours, subjects=tuple(text.subjects))
