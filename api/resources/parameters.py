"""Thresholds of the rules: what each means, and who has set it to what, since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Access, Administrator, Caller
from api.errors import problem_responses
from api.records.resource import Given
from domain.errors import InvalidInputError, NotFoundError
from store import parameters
from store.audit import Change
from store.parameters import Definition, Setting

router = APIRouter(prefix="/parameters", tags=["parameters"])

Scope = Literal["organisation", "route", "outlet_class"]
_LONGEST_KEY: Final = 200


class Value(BaseModel):
    """From `since` on; null: the default again, or that of a wider scope."""

    model_config = ConfigDict(from_attributes=True)

    scope: Scope
    scope_key: str = Field(description="The route or the outlet class; empty for the organisation.")
    since: datetime
    value: float | None
    set_by: str
    set_at: datetime


class Parameter(BaseModel):
    """A threshold. Of the values set, that of an outlet class wins over that of a route, and both over the organisation's."""

    name: str = Field(examples=["unscheduled_stop.least_s"])
    value: float = Field(description="That of the organisation, now.")
    default: float
    unit: str = Field(description="SI; 1 for a plain number.", examples=["s"])
    low: float
    high: float
    explanation: str
    set: list[Value] = Field(description="What is set, with its history, the oldest first.")


class Parameters(BaseModel):
    """All thresholds, in the order of the rules."""

    items: list[Parameter]


class Wanted(Given):
    """A threshold's new value."""

    value: float | None = Field(description="Null: no longer set.", examples=[480])
    scope: Scope = "organisation"
    scope_key: str = Field("", max_length=_LONGEST_KEY, description="The route or the outlet class; none for the organisation.")
    since: AwareDatetime | None = Field(
        None, description="From this fix time on, otherwise from now; what was judged since is judged again."
    )


Name = Annotated[str, Path(max_length=200, examples=["unscheduled_stop.least_s"])]


@router.get("", operation_id="list_parameters")
def list_parameters(caller: Caller) -> Parameters:
    """Every threshold with its unit, its range, a sentence of explanation, and what is set."""
    with caller.transaction() as connection:
        known = parameters.definitions(connection)
        stored = parameters.settings(connection, org_id=caller.org_id)
    by_name: dict[str, list[Setting]] = {}
    for setting in stored:
        by_name.setdefault(setting.name, []).append(setting)
    return Parameters(items=[_shown(one, by_name.get(one.name, ())) for one in known.values()])


@router.get("/{name}", operation_id="get_parameter", responses=problem_responses(404))
def get_parameter(caller: Caller, name: Name) -> Parameter:
    """One threshold."""
    return _find(caller, name)


@router.put("/{name}", operation_id="set_parameter", responses=problem_responses(404, 422))
def set_parameter(caller: Administrator, name: Name, wanted: Wanted) -> Parameter:
    """Set a threshold for the organisation, a route or a class of outlets. Workers take it up at once."""
    with caller.transaction() as connection:
        known = parameters.definitions(connection)
        _check(known, name, wanted)
        since = wanted.since or datetime.now(UTC)
        parameters.set_parameter(
            connection,
            caller.org_id,
            scope=wanted.scope,
            scope_key=wanted.scope_key,
            name=name,
            since=since,
            value=wanted.value,
            by=caller.actor,
        )
        after = {"scope": wanted.scope, "scope_key": wanted.scope_key, "since": since.isoformat(), "value": wanted.value}
        caller.note(connection, Change(action="parameter.set", kind="parameter", identifier=name, after=after))
    return _find(caller, name)


def _find(caller: Access, name: str) -> Parameter:
    with caller.transaction() as connection:
        known = parameters.definitions(connection)
        stored = parameters.settings(connection, org_id=caller.org_id, name=name)
    if name not in known:
        raise NotFoundError("parameter", name)
    return _shown(known[name], stored)


def _check(known: Mapping[str, Definition], name: str, wanted: Wanted) -> None:
    if name not in known:
        raise NotFoundError("parameter", name)
    if (wanted.scope == "organisation") != (wanted.scope_key == ""):
        raise InvalidInputError("body.scope_key", "names the route or the outlet class, and nothing for the organisation")
    if "\x00" in wanted.scope_key:
        raise InvalidInputError("body.scope_key", "must not hold a NUL character")
    one = known[name]
    if wanted.value is not None and not (isfinite(wanted.value) and one.low <= wanted.value <= one.high):
        detail = f"must be from {one.low:g} to {one.high:g} {one.unit}, not {wanted.value:g}"
        raise InvalidInputError("body.value", detail)


def _shown(one: Definition, stored: Iterable[Setting]) -> Parameter:
    now = datetime.now(UTC)
    history = [Value.model_validate(setting) for setting in stored]
    held = [setting.value for setting in history if setting.scope == "organisation" and setting.since <= now]
    value = held[-1] if held and held[-1] is not None else one.default
    plain = {"unit": one.unit, "explanation": one.explanation}
    return Parameter(name=one.name, value=value, default=one.default, low=one.low, high=one.high, set=history, **plain)
