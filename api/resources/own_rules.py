"""Rules of one's own, without code: write an expression, try it on past days, switch it on."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Access, Caller, Planner
from api.errors import problem_responses
from api.maps.leaflet import linked_page
from api.maps.trial_map import draw_trial
from api.pages import need_assets
from api.records.resource import Given
from domain.errors import ConflictError, InvalidInputError
from domain.events import Severity
from domain.zones import OpenHours
from own_rules.definition import (
    LONGEST_COOL_DOWN_S,
    LONGEST_FOR_S,
    MOST_SUBJECTS,
    PREFIX,
    Definition,
    check,
    members,
    read_definition,
)
from own_rules.language import LONGEST, compile_expression
from own_rules.trial import MOST_DAYS, summary, try_rule
from own_rules.vocabulary import NAMES, Series
from store import own_rules
from store.audit import Change
from store.own_rules import OwnRule

router = APIRouter(prefix="/own-rules", tags=["own rules"])

LOOKS_BACK = timedelta(days=31)


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


class FactName(BaseModel):
    """A name that an expression may use."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    kind: str = Field(examples=["double"])
    meaning: str


class Question(Given):
    """An expression to check."""

    series: Series = Series.position
    expression: str = Field(max_length=10 * LONGEST)


class Reads(BaseModel):
    """Which facts a good expression reads."""

    facts: list[str]


class Days(Given):
    """Up to when, and over how many days, a rule is tried."""

    days: float = Field(7.0, gt=0, le=MOST_DAYS)
    until: AwareDatetime | None = Field(None, description="Now without it.")


class Beginning(Given):
    """From which time of readings on a rule is on."""

    since: AwareDatetime | None = Field(None, description="Now without it; in the past, nobody is told of what was before.")


RuleId = Annotated[str, Path(max_length=40, pattern="^[a-z][a-z0-9_]*$", examples=["door_in_market"])]


@router.get("", operation_id="list_own_rules")
def list_own_rules(caller: Caller) -> list[Rule]:
    """The organisation's own rules."""
    with caller.transaction() as connection:
        return [rule_of(row) for row in own_rules.list_rules(connection, caller.org_id)]


@router.get("/facts", operation_id="list_own_rule_facts")
def list_own_rule_facts(_caller: Caller) -> dict[str, list[FactName]]:
    """The names that expressions may use, by series."""
    return {series.value: [FactName.model_validate(name) for name in names] for series, names in NAMES.items()}


@router.post("/check", operation_id="check_own_rule", responses=problem_responses(422))
def check_own_rule(_caller: Planner, question: Question) -> Reads:
    """Whether an expression can be meant; a problem of code `bad_expression` says where not."""
    return Reads(facts=sorted(compile_expression(question.expression, question.series).names))


@router.get("/{rule_id}", operation_id="get_own_rule", responses=problem_responses(404))
def get_own_rule(caller: Caller, rule_id: RuleId) -> RuleWithHistory:
    """One rule with its trial and history."""
    return read_rule(caller, rule_id)


@router.put("/{rule_id}", operation_id="save_own_rule", responses=problem_responses(422))
def save_own_rule(caller: Planner, rule_id: RuleId, text: RuleText) -> Rule:
    """Keep a rule as a new version, a draft. What is on stays on until the new version takes its place."""
    return save_rule(caller, rule_id, text)


@router.post("/{rule_id}/try", operation_id="try_own_rule", responses=problem_responses(404, 409))
def try_own_rule(caller: Planner, rule_id: RuleId, days: Annotated[Days | None, Body()] = None) -> Trial:
    """Judge past days by the newest version: what it would have told. Only the outcome is kept."""
    return try_newest(caller, rule_id, days or Days.model_validate({}))


@router.post("/{rule_id}/on", operation_id="switch_on_own_rule", responses=problem_responses(404, 409, 422))
def switch_on_own_rule(caller: Planner, rule_id: RuleId, beginning: Annotated[Beginning | None, Body()] = None) -> Rule:
    """Switch the newest version on, in place of an older one. It has to have been tried."""
    return switch(caller, rule_id, is_on=True, since=beginning.since if beginning else None)


@router.post("/{rule_id}/off", operation_id="switch_off_own_rule", responses=problem_responses(404, 409))
def switch_off_own_rule(caller: Planner, rule_id: RuleId) -> Rule:
    """Switch it off; what it tells of ends."""
    return switch(caller, rule_id, is_on=False)


@router.get(
    "/{rule_id}/trial-map",
    operation_id="get_own_rule_trial_map",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}}, **problem_responses(404)},
)
def get_own_rule_trial_map(request: Request, caller: Caller, rule_id: RuleId) -> HTMLResponse:
    """Where it would have told something. It asks no other host for anything."""
    shelf = need_assets(request)
    rule = read_rule(caller, rule_id)
    drawn = draw_trial(rule.name, rule.severity.value, rule.trial.model_dump()["samples"] if rule.trial else [])
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " frame-ancestors 'self'"
    )
    return HTMLResponse(linked_page(drawn, shelf.address, nonce), headers={"content-security-policy": policy})


def read_rule(caller: Access, rule_id: str) -> RuleWithHistory:
    """A rule with its trial and history. Raises NotFoundError."""
    with caller.transaction() as connection:
        row = own_rules.rule_named(connection, caller.org_id, rule_id)
        versions = own_rules.list_versions(connection, caller.org_id, rule_id)
        spans = own_rules.list_spans(connection, caller.org_id, rule_id)
    plain = ("version", "state", "made_at", "made_by", "tried_at", "tried_by")
    return RuleWithHistory(
        **rule_of(row).model_dump(),
        trial=Trial.model_validate(row.trial) if row.trial else None,
        versions=[Version(**one.definition, **{name: getattr(one, name) for name in plain}) for one in versions],
        spans=[Span.model_validate(span) for span in spans],
    )


def save_rule(caller: Access, rule_id: str, text: RuleText) -> Rule:
    """Keep a new version. Raises InvalidInputError, for an expression ExpressionError."""
    definition = _definition(text)
    check(definition)
    with caller.transaction() as connection:
        known = own_rules.list_rules(connection, caller.org_id, rule_id)
        own_rules.write_rule(connection, caller.org_id, rule_id, members(definition), actor=caller.actor, now=_now())
        after = own_rules.rule_named(connection, caller.org_id, rule_id)
        before = known[0].definition if known else None
        caller.note(connection, _change("own_rule.save", rule_id, before, {**after.definition, "version": after.version}))
    return rule_of(after)


def try_newest(caller: Access, rule_id: str, days: Days) -> Trial:
    """Try the newest version on past days, and keep the outcome."""
    until = days.until or _now()
    with caller.transaction() as connection:
        rule = own_rules.rule_named(connection, caller.org_id, rule_id)
    since = until - min(timedelta(days=days.days), until - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=2))
    with caller.transaction() as connection:
        trial = summary(try_rule(connection, caller.org_id, rule_id, read_definition(rule.definition), since, until))
        own_rules.note_trial(connection, caller.org_id, rule_id, rule.version, trial, actor=caller.actor, now=_now())
        after = {"version": rule.version, "events": trial["events"], "device_days": trial["device_days"]}
        caller.note(connection, _change("own_rule.try", rule_id, None, after))
    return Trial.model_validate(trial)


def switch(caller: Access, rule_id: str, *, is_on: bool, since: datetime | None = None) -> Rule:
    """Switch the newest version on, or whichever is on off. Raises ConflictError."""
    now = _now()
    if since is not None and not now - LOOKS_BACK <= since <= now + LOOKS_BACK:
        raise InvalidInputError("since", "must be within 31 days of now")
    with caller.transaction() as connection:
        before = own_rules.rule_named(connection, caller.org_id, rule_id)
        if is_on:
            if before.on_since is not None and (since or now) < before.on_since:
                raise ConflictError(f"version {before.on_version} is on since {before.on_since.isoformat()}, which is later")
            own_rules.switch_on(connection, caller.org_id, rule_id, since=since or now, actor=caller.actor)
        else:
            own_rules.switch_off(connection, caller.org_id, rule_id, actor=caller.actor, now=now)
        after = own_rules.rule_named(connection, caller.org_id, rule_id)
        said = ({"on_version": row.on_version, "state": row.state} for row in (before, after))
        caller.note(connection, _change(f"own_rule.{'on' if is_on else 'off'}", rule_id, *said))
    return rule_of(after)


def rule_of(row: OwnRule) -> Rule:
    """A stored rule as the API shows it."""
    plain = {name: getattr(row, name) for name in Rule.model_fields if hasattr(row, name)}
    return Rule(**row.definition, **plain, rule=PREFIX + row.rule_id)


def _definition(text: RuleText) -> Definition:
    hours = tuple(OpenHours(one.weekday, one.opens, one.closes) for one in text.hours)
    plain = text.model_dump(exclude={"hours", "subjects"})
    return Definition(**plain, hours=hours, subjects=tuple(text.subjects))


def _change(action: str, rule_id: str, before: dict[str, Any] | None, after: dict[str, Any]) -> Change:
    return Change(action=action, kind="own_rule", identifier=rule_id, before=before, after=after)


def _now() -> datetime:
    return datetime.now(UTC)
