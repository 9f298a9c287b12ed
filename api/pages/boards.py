"""The console's plain pages: they work without scripts, and refresh themselves with htmx."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from api.access import AlertHandler, Caller
from api.day_board import CellState
from api.listing import ListQuery, record_page
from api.pages.drawing import TEMPLATES, page
from api.resources.alert_handling import acknowledge, assign, comment, reopen, resolve, snooze
from api.resources.alerts import Alert, AlertId, alert_of, get_alert
from api.resources.day_board import Day, read_day_board
from domain.events import Severity
from domain.wording import title
from store import inbox
from store.inbox import AlertFilter, InboxAlert, Resolution
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/console", include_in_schema=False)

_PAGE_SIZE: Final = 50
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))", re.ASCII)
_STATES: Final = {"unresolved": ["open", "acknowledged"], "all": None}
_SIGNS: Final = {
    CellState.on_time: "✓",
    CellState.early: "E",
    CellState.late: "L",
    CellState.at_risk: "!",
    CellState.missed: "✕",
    CellState.unverified: "?",
    CellState.no_data: "-",
    CellState.skipped: "S",
    CellState.here: "•",
    CellState.ahead: "",
}
ShownState = Literal["unresolved", "open", "acknowledged", "resolved", "all"]


@router.get("/board")
def day_board_page(request: Request, caller: Caller, day: Day = None) -> HTMLResponse:
    """The day board."""
    return page(request, "board.html", board=read_day_board(caller, day), day=day)


@router.get("/alerts")
def alerts_page(
    request: Request,
    caller: Caller,
    state: ShownState = "unresolved",
    severity: Severity = Severity.info,
    vehicle_id: Annotated[str, Query(max_length=200)] = "",
    trip_id: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """The alerts, to work through."""
    severities = list(Severity)
    wanted = AlertFilter(
        states=_STATES.get(state, [state]),
        severities=severities[severities.index(severity) :],
        vehicle_id=vehicle_id or None,
        trip_id=trip_id or None,
    )
    asked_for = ListQuery(changed_since=None, sort=None, limit=_PAGE_SIZE, cursor=cursor)

    def read(connection: Connection, part: Part) -> list[InboxAlert]:
        return inbox.list_alerts(connection, wanted, part)

    found = record_page(caller, inbox.LISTING, asked_for, read, alert_of)
    alerts, following = found.items, found.next_cursor
    asked: dict[str, Any] = {"state": state, "severity": severity.value, "vehicle_id": vehicle_id, "trip_id": trip_id}
    return page(
        request,
        "alerts.html",
        alerts=alerts,
        address=_address(request, **asked, cursor=cursor),
        following=following and _address(request, **asked, cursor=following),
        **asked,
    )


@router.get("/alerts/{alert_id}")
def alert_page(request: Request, caller: Caller, alert_id: AlertId) -> HTMLResponse:
    """One alert: what it rests on, and what was done."""
    return page(request, "alert.html", alert=get_alert(caller, alert_id, Response()))


@router.post("/alerts/{alert_id}")
def act_on_alert(
    request: Request,
    caller: AlertHandler,
    alert_id: AlertId,
    action: Annotated[Literal["acknowledge", "confirmed", "false", "reopen", "assign", "snooze", "comment"], Form()],
    reason: Annotated[str, Form(max_length=2000)] = "",
    assignee: Annotated[str, Form(max_length=200)] = "",
    hours: Annotated[float, Form(gt=0, le=168)] = 1.0,
) -> Response:
    """Take an alert on, hand it over, put it off, say something, close it; with htmx only its row comes back."""
    deeds: dict[str, Callable[[], Alert]] = {
        "acknowledge": lambda: acknowledge(caller, alert_id, reason or None),
        "reopen": lambda: reopen(caller, alert_id, reason or None),
        "assign": lambda: assign(caller, alert_id, assignee or None),
        "snooze": lambda: snooze(caller, alert_id, datetime.now(UTC) + timedelta(hours=hours)),
        "comment": lambda: comment(caller, alert_id, reason or "-"),
    }
    alert = deeds[action]() if action in deeds else resolve(caller, alert_id, Resolution(action), reason or None)
    if "hx-request" in request.headers:
        return page(request, "alert_row.html", alert=alert)
    return RedirectResponse(f"/console/alerts/{alert_id}", status_code=303)


def _address(request: Request, **asked: str | None) -> str:
    return f"{request.url.path}?{urlencode({name: value for name, value in asked.items() if value})}"


def _time(moment: datetime) -> Markup:
    return Markup('<time datetime="{}">{} UTC</time>').format(moment.isoformat(), f"{moment:%d %b %H:%M}")


def told_times(note: str) -> Markup:
    """A note with its moments as people read them."""
    parts = _MOMENT.split(note)  # every second one is a moment
    return Markup("").join(_moment_or_text(part) if at % 2 else part for at, part in enumerate(parts))


def _moment_or_text(part: str) -> str:
    try:
        return _time(datetime.fromisoformat(part))
    except ValueError:  # somebody wrote what only looks like one
        return part


def _left(minutes: float) -> str:
    return f"{minutes:.0f} min left" if minutes >= 0 else f"{-minutes:.0f} min over"


def counted(number: float, word: str) -> str:
    """So many of something: one stop, two stops."""
    return f"{number:,.10g} {word}" if number == 1 else f"{number:,.10g} {word}s"


TEMPLATES.env.filters.update(counted=counted, rule_title=title, told_times=told_times)
TEMPLATES.env.filters.update(time=_time, left=_left, sign=_SIGNS.__getitem__, words=lambda name: str(name).replace("_", " "))
