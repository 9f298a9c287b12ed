"""The page of reports: a table with what its figures mean, and the same to take away."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access import Caller
from api.own_clock import clock_of, span_of
from api.pages.drawing import TEMPLATES, page
from api.resources.reports import get_report
from domain import reports as known
from domain.errors import InvalidInputError
from domain.reports import Grouping

router = APIRouter(prefix="/console/reports", include_in_schema=False)

_FIRST: Final = "trips"
_WEEK: Final = timedelta(days=7)


@router.get("")
def reports_page(
    request: Request,
    caller: Caller,
    name: Annotated[str, Query(max_length=50)] = _FIRST,
    by: Annotated[str, Query(max_length=20)] = "",
    since: date | None = None,
    until: date | None = None,
) -> HTMLResponse:
    """One report of some days by the organisation's clock; the last of them is counted, too."""
    report = known.REPORTS.get(name, known.REPORTS[_FIRST])
    grouping = Grouping(by) if by in {one.value for one in report.groupings} else report.groupings[0]
    clock = clock_of(caller)
    last = until or datetime.now(clock).date()
    first = since or last - min(_WEEK, last - date.min)
    span = span_of(first, clock, last)
    shown: Any = None
    refusal = None
    try:
        shown = get_report(caller, report.name, grouping, *span)
    except InvalidInputError as error:
        refusal = str(error)
    asked = {"by": grouping.value, "since": span[0].isoformat(), "until": span[1].isoformat()}
    return page(
        request,
        "reports.html",
        reports=list(known.REPORTS.values()),
        report=report,
        by=grouping,
        since=first,
        until=last,
        zone=clock.key,
        shown=shown,
        refusal=refusal,
        files={form: f"/reports/{report.name}?{urlencode({**asked, 'format': form})}" for form in ("csv", "xlsx", "json")},
    )


def figure_text(value: object, unit: str) -> str:
    """A figure for people: no more digits than anybody reads; nothing where nobody knows; shares in per cent."""
    if value is None:
        return ""
    if unit == known.SHARE and isinstance(value, int | float):
        return f"{value:.1%}"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:,.{0 if value.is_integer() or abs(value) >= 1000 else 1}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


TEMPLATES.env.filters["figure"] = figure_text
