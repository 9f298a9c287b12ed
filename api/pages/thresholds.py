"""The pages of thresholds: what each means, who has set it to what for whom, and what learning proposes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Administrator, Caller, Planner
from api.own_clock import clock_of, moment
from api.pages.drawing import TEMPLATES, back_to, page
from api.pages.forms import REFUSALS, refusals
from api.resources.approvals import Approval
from api.resources.parameters import Name, Parameter, Value, Wanted, get_parameter, list_parameters, set_parameter
from domain.approvals import DECIDED_BY, ApprovalKind, ApprovalState
from domain.errors import BeatwatchError, InvalidInputError
from domain.people import Permission
from store import approvals, catalogue, learning_requests, records
from store.approvals import ApprovalFilter
from store.audit import Change
from store.listing import Part
from store.records import Wanted as Sought

router = APIRouter(prefix="/console/thresholds", include_in_schema=False)

_HERE: Final = "/console/thresholds"
_ALL: Final = Part(limit=10_000)
_FIELDS: Final = ("value", "scope", "scope_key", "since")
_LEARNED: Final = [ApprovalKind.threshold.value, ApprovalKind.approved_place.value, ApprovalKind.pin_correction.value]
_UNITS: Final = re.compile(r"(?<=[a-z0-9])_(s|m|d|h|c|l|kg|min|deg|mps|mps2|c_min|l_per_km|v)$")
Text = Annotated[str, Form(max_length=300)]


@router.get("")
def thresholds_page(
    request: Request,
    caller: Caller,
    words: Annotated[str, Query(max_length=200)] = "",
    only_set: bool = False,
    refusal: Annotated[str | None, Query(max_length=2000)] = None,
) -> HTMLResponse:
    """Every threshold by rule, and what waits for a yes."""
    known = [one for one in list_parameters(caller).items if _is_meant(one, words, only_set=only_set)]
    wanted = ApprovalFilter(states=[ApprovalState.pending.value], kinds=_LEARNED)
    with caller.transaction() as connection:
        waiting = [Approval.model_validate(one) for one in approvals.list_approvals(connection, wanted)]
        asked = learning_requests.newest(connection, caller.org_id)
    return page(
        request,
        "thresholds.html",
        rules=_by_rule(known),
        in_force=in_force,
        proposals=waiting,
        may_decide={kind.value for kind, roles in DECIDED_BY.items() if caller.role in roles},
        asked=asked,
        may_ask=Permission.plan in caller.permissions,
        words=words,
        only_set=only_set,
        refusal=refusal,
    )


@router.post("/learn")
def learn(caller: Planner) -> Response:
    """Ask for what verdicts and proofs speak for, now and not only at night."""
    try:
        with caller.transaction() as connection:
            learning_requests.ask(connection, caller.org_id, caller.actor)
            caller.note(connection, Change(action="learning.ask", kind="learning", identifier="proposals"))
    except BeatwatchError as error:
        return back_to(_HERE, error)
    return back_to(_HERE)


@router.get("/{name}")
def threshold_page(request: Request, caller: Caller, name: Name) -> HTMLResponse:
    """One threshold: what it is for whom, and since when."""
    return _shown(request, caller, name, {"scope": "organisation"}, {})


@router.post("/{name}")
def set_one(
    request: Request,
    caller: Administrator,
    name: Name,
    value: Text = "",
    scope: Text = "organisation",
    scope_key: Text = "",
    since: Text = "",
) -> Response:
    """Set it for everybody, a route or a class of outlets; without a value it is set no longer."""
    said = {"value": value, "scope": scope, "scope_key": scope_key, "since": since}
    try:
        wanted = {**said, "value": _number(value), "since": moment("since", since, clock_of(caller))}
        key = "" if scope == "organisation" else scope_key.strip()
        set_parameter(caller, name, Wanted.model_validate({**wanted, "scope_key": key}))
    except REFUSALS as error:
        return _shown(request, caller, name, said, refusals(error, _FIELDS), 422)
    return back_to(f"{_HERE}/{name}")


def in_force(one: Parameter) -> list[Value]:
    """What holds now: the newest value of each scope, those apart that are set no longer."""
    now = datetime.now(UTC)
    newest = {(value.scope, value.scope_key): value for value in one.set if value.since <= now}
    return [value for value in newest.values() if value.value is not None]


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit, and as people say it where that differs."""
    if value is None:
        return "not set"
    plain = f"{value:,.6g}" if unit == "1" else f"{value:,.6g} {unit.replace('m/s2', 'm/s²').replace('C', '°C')}"
    if unit == "s" and value >= 60:
        return f"{plain} ({value / 3600:.3g} h)" if value >= 5400 else f"{plain} ({value / 60:.3g} min)"
    return f"{plain} ({value * 3.6:.3g} km/h)" if unit == "m/s" else plain


def title(one: Parameter) -> str:
    """What it is called below its rule, with its unit as people write it."""
    bare = _UNITS.sub("", one.name.partition(".")[2])
    unit = "" if bare == one.name.partition(".")[2] else f" ({one.unit.replace('m/s2', 'm/s²')})"
    return f"{bare.replace('_', ' ')}{unit}"


def _by_rule(known: list[Parameter]) -> dict[str, list[Parameter]]:
    rules: dict[str, list[Parameter]] = {}
    for one in known:
        rules.setdefault(one.name.partition(".")[0], []).append(one)
    return rules


def _is_meant(one: Parameter, words: str, *, only_set: bool) -> bool:
    text = f"{one.name.replace('_', ' ')} {one.name} {one.explanation}".lower()
    return all(word in text for word in words.lower().split()) and (not only_set or bool(one.set))


def _number(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError as error:
        raise InvalidInputError("value", f"{text!r} is no number") from error


def _shown(
    request: Request, caller: Access, name: str, said: dict[str, Any], refused: dict[str, str], status: int = 200
) -> HTMLResponse:
    with caller.transaction() as connection:
        beats = records.list_records(connection, catalogue.BEAT, Sought(part=_ALL))
    return page(
        request,
        "threshold.html",
        status_code=status,
        one=get_parameter(caller, name),
        in_force=in_force,
        beats=beats,
        zone=clock_of(caller).key,
        may_set=Permission.administer in caller.permissions,
        said=said,
        refused=refused,
    )


TEMPLATES.env.filters.update(quantity=quantity, title_of=title)
