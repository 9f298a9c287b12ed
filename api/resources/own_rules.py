"""Rules of one's own, without code: write an expression, try it on past days, switch it on."""

from __future__ import annotations

import secrets
from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Caller, Planner
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.maps.leaflet import linked_page
from api.maps.trial_map import draw_trial
from api.own_rule_keeping import read_rule, save_rule, switch, try_newest
from api.own_rule_texts import Rule, RuleText, RuleWithHistory, Trial, rule_of
from api.pages.drawing import need_assets
from api.records.resource import Given
from api.versions import IfMatch, tag
from own_rules.language import LONGEST, compile_expression
from own_rules.trial import MOST_DAYS
from own_rules.vocabulary import NAMES, Series
from store import own_rules
from store.listing import Part
from store.own_rules import OwnRule
from store.pool import Connection

router = APIRouter(prefix="/own-rules", tags=["own rules"])


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


Shown = TypeVar("Shown", bound=Rule)
RuleId = Annotated[str, Path(max_length=40, pattern="^[a-z][a-z0-9_]*$", examples=["door_in_market"])]


@router.get("", operation_id="list_own_rules")
def list_own_rules(
    caller: Caller, asked: Listed, state: Annotated[str | None, Query(max_length=50)] = None
) -> RecordPage[Rule]:
    """The organisation's own rules."""

    def read(connection: Connection, part: Part) -> list[OwnRule]:
        return own_rules.list_rules(connection, caller.org_id, state=state, part=part)

    return record_page(caller, own_rules.LISTING, asked, read, rule_of)


@router.get("/facts", operation_id="list_own_rule_facts")
def list_own_rule_facts(_caller: Caller) -> dict[str, list[FactName]]:
    """The names that expressions may use, by series."""
    return {series.value: [FactName.model_validate(name) for name in names] for series, names in NAMES.items()}


@router.post("/check", operation_id="check_own_rule", responses=problem_responses(422))
def check_own_rule(_caller: Planner, question: Question) -> Reads:
    """Whether an expression can be meant; a problem of code `bad_expression` says where not."""
    return Reads(facts=sorted(compile_expression(question.expression, question.series).names))


@router.get("/{rule_id}", operation_id="get_own_rule", responses=problem_responses(404))
def get_own_rule(caller: Caller, rule_id: RuleId, response: Response) -> RuleWithHistory:
    """One rule with its trial and history."""
    return _answer(read_rule(caller, rule_id), response)


@router.put("/{rule_id}", operation_id="save_own_rule", responses=problem_responses(412, 422))
def save_own_rule(caller: Planner, rule_id: RuleId, text: RuleText, response: Response, if_match: IfMatch = None) -> Rule:
    """Keep a rule as a new version, a draft. What is on stays on until the new version takes its place."""
    return _answer(save_rule(caller, rule_id, text, if_match), response)


@router.post("/{rule_id}/try", operation_id="try_own_rule", responses=problem_responses(404, 409))
def try_own_rule(caller: Planner, rule_id: RuleId, days: Annotated[Days | None, Body()] = None) -> Trial:
    """Judge past days by the newest version: what it would have told. Only the outcome is kept."""
    asked = days or Days.model_validate({})
    return try_newest(caller, rule_id, asked.days, asked.until)


@router.post("/{rule_id}/on", operation_id="switch_on_own_rule", responses=problem_responses(404, 409, 412, 422))
def switch_on_own_rule(
    caller: Planner,
    rule_id: RuleId,
    response: Response,
    beginning: Annotated[Beginning | None, Body()] = None,
    if_match: IfMatch = None,
) -> Rule:
    """Switch the newest version on, in place of an older one. It has to have been tried."""
    since = beginning.since if beginning else None
    return _answer(switch(caller, rule_id, is_on=True, since=since, if_match=if_match), response)


@router.post("/{rule_id}/off", operation_id="switch_off_own_rule", responses=problem_responses(404, 409, 412))
def switch_off_own_rule(caller: Planner, rule_id: RuleId, response: Response, if_match: IfMatch = None) -> Rule:
    """Switch it off; what it tells of ends."""
    return _answer(switch(caller, rule_id, is_on=False, if_match=if_match), response)


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


def _answer(rule: Shown, response: Response) -> Shown:
    response.headers["etag"] = tag(rule.followed_at)
    return rule
