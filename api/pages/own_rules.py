"""The console's pages of own rules: write one, try it on past days, see what it would have told, switch it on."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Caller, Planner
from api.own_rule_keeping import all_rules, read_rule, save_rule, switch, try_newest
from api.own_rule_texts import RuleText
from api.pages.drawing import page
from api.pages.forms import REFUSALS, refusals
from api.resources.own_rules import RuleId
from domain.errors import BeatwatchError, NotFoundError
from domain.events import Severity
from own_rules.vocabulary import NAMES, Series

router = APIRouter(prefix="/console/rules", include_in_schema=False)

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_TOLD_OF: Final = {"for_s": "for_min", "silence_s": "silence_min", "cool_down_s": "cool_down_min", "hours": "opens"}
"""Where the form has another name for what is refused."""
EXAMPLES: Final = (
    ("Door open in a red zone", "door_open && 'red' in zone_kinds"),
    ("Fast near a school", "speed_mps > 8.4 && zones.exists(z, z.startsWith('school'))"),
    ("Too warm while driving", "temperature_c > 8.0 && ignition"),
    ("No stop for three hours", "minutes_since_stop > 180.0 && trip_state == 'running'"),
)


@router.get("")
def rules_page(request: Request, caller: Caller) -> HTMLResponse:
    """All own rules."""
    return page(request, "own_rules.html", rules=all_rules(caller))


@router.get("/new")
def new_rule_page(request: Request, _caller: Planner) -> HTMLResponse:
    """A form for a new rule."""
    return _form(request, None, {})


@router.get("/{rule_id}")
def rule_page(request: Request, caller: Caller, rule_id: RuleId) -> HTMLResponse:
    """One rule with what it would have told."""
    rule = read_rule(caller, rule_id)
    hours = {"weekdays": sorted({one.weekday for one in rule.hours})}
    opens = rule.hours[0] if rule.hours else None
    said = {**rule.model_dump(mode="json"), **hours, "for_min": rule.for_s / 60, "cool_down_min": rule.cool_down_s / 60}
    said |= {"silence_min": rule.silence_s / 60, "subjects": ", ".join(rule.subjects)}
    said |= {"opens": f"{opens.opens:%H:%M}", "closes": f"{opens.closes:%H:%M}"} if opens else {}
    return _form(request, rule_id, said)


@router.post("/save")
def save_page(
    request: Request,
    caller: Planner,
    name: Annotated[str, Form(max_length=300)] = "",
    expression: Annotated[str, Form(max_length=5000)] = "",
    series: Annotated[Series, Form()] = Series.position,
    severity: Annotated[Severity, Form()] = Severity.medium,
    for_min: Annotated[float, Form()] = 0.0,
    silence_min: Annotated[float, Form()] = 15.0,
    cool_down_min: Annotated[float, Form()] = 15.0,
    weekdays: Annotated[list[int] | None, Form()] = None,
    opens: Annotated[str, Form(max_length=8)] = "",
    closes: Annotated[str, Form(max_length=8)] = "",
    subjects: Annotated[str, Form(max_length=20_000)] = "",
    rule_id: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Keep what was written; what cannot be a rule comes back with what is wrong about it."""
    said: dict[str, object] = {
        "name": name, "expression": expression, "series": series.value, "severity": severity.value, "for_min": for_min,
        "silence_min": silence_min, "cool_down_min": cool_down_min, "weekdays": weekdays or [], "opens": opens,
        "closes": closes, "subjects": subjects,
    }  # fmt: skip
    chosen = rule_id or _free_name(name, {rule.rule_id for rule in all_rules(caller)})
    try:
        save_rule(caller, chosen, _text(said))
    except REFUSALS as error:
        wrong = {_TOLD_OF.get(field, field): detail for field, detail in refusals(error, (*said, *_TOLD_OF)).items()}
        return _form(request, rule_id or None, said, wrong, 422)
    return RedirectResponse(f"/console/rules/{chosen}", status_code=303)


@router.post("/{rule_id}")
def act_on_rule(
    request: Request,
    caller: Planner,
    rule_id: RuleId,
    action: Annotated[Literal["try", "on", "off"], Form()],
    days: Annotated[float, Form(gt=0, le=28)] = 7.0,
) -> Response:
    """Try it, switch it on, or off."""
    try:
        if action == "try":
            try_newest(caller, rule_id, days)
        else:
            switch(caller, rule_id, is_on=action == "on")
    except NotFoundError:
        raise
    except BeatwatchError as error:
        return page(request, "own_rules.html", rules=all_rules(caller), complaint=str(error))
    return RedirectResponse(f"/console/rules/{rule_id}#trial", status_code=303)


def _text(said: dict[str, object]) -> RuleText:
    days = said["weekdays"] or (range(7) if said["opens"] else ())
    opens, closes = said["opens"] or "00:00", said["closes"] or "00:00"
    minutes = {name: float(str(said[f"{name}_min"])) * 60 for name in ("for", "silence", "cool_down")}
    return RuleText.model_validate(
        {
            **{name: said[name] for name in ("name", "expression", "series", "severity")},
            **{f"{name}_s": seconds for name, seconds in minutes.items()},
            "hours": [{"weekday": day, "opens": opens, "closes": closes} for day in days],  # type: ignore[attr-defined]
            "subjects": [one for one in re.split(r"[,\s]+", str(said["subjects"])) if one],
        }
    )


def _free_name(name: str, taken: Collection[str]) -> str:
    """One that no rule has yet: names in other letters than ours become the same, and no rule shall replace another."""
    word = _named(name)
    return word if word not in taken else next(one for n in count(2) if (one := f"{word[:30]}_{n}") not in taken)


def _named(name: str) -> str:
    """A name for addresses and events, made of what people call it."""
    word = _NOT_IN_NAMES.sub("_", name.lower()).strip("_")[:40].strip("_")
    return word if word and word[0].isalpha() else f"rule_{word}"[:40]


def _form(
    request: Request, rule_id: str | None, said: dict[str, object], refused: dict[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    return page(
        request,
        "own_rule.html",
        status_code=status,
        rule_id=rule_id,
        said=said,
        refused=refused or {},
        names=NAMES,
        weekdays=_WEEKDAYS,
        examples=EXAMPLES,
    )
