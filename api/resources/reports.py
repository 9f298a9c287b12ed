"""Reports: figures by day, route, driver, vehicle, outlet or distributor, each with its definition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from domain import reports as known
from domain.errors import InvalidInputError, NotFoundError
from domain.reports import Grouping
from store import reports
from wire.files.sheets import CSV_TYPE, XLSX_TYPE, to_csv, to_xlsx

router = APIRouter(prefix="/reports", tags=["reports"])

REPORTED: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=366)


class Figure(BaseModel):
    """A column of a report."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["case_fill"])
    unit: str = Field(description="`1` for counts and shares.", examples=["1"])
    definition: str = Field(examples=["Sum of min(delivered, ordered) / sum of ordered."])


class ReportKind(BaseModel):
    """A report there is."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["fill_rate"])
    title: str = Field(examples=["Fill rate"])
    groupings: list[Grouping] = Field(description="What its rows can stand for.")
    figures: list[Figure]


class Report(BaseModel):
    """The rows of a report, with the definitions of its figures."""

    name: str
    title: str
    by: Grouping
    since: datetime
    until: datetime
    figures: list[Figure]
    rows: list[dict[str, Any]] = Field(
        description="`key` says what the row stands for, null where that is not known; the figures are by name."
    )


class Format(StrEnum):
    """How to write it down."""

    json = "json"
    csv = "csv"
    xlsx = "xlsx"


Name = Annotated[str, Path(max_length=50, examples=["fill_rate"])]


@router.get("", operation_id="list_reports")
def list_reports(_caller: Caller) -> list[ReportKind]:
    """The reports there are, with what their figures mean."""
    return [ReportKind.model_validate(report) for report in known.REPORTS.values()]


@router.get(
    "/{name}",
    operation_id="get_report",
    response_model=Report,
    responses={200: {"content": {CSV_TYPE: {}, XLSX_TYPE: {}}}, **problem_responses(404, 422)},
)
def get_report(
    caller: Caller,
    name: Name,
    by: Annotated[Grouping | None, Query(description="By day without it, or by the first of the report's groupings.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="From then on; a week before `until` without it.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before then; now without it.")] = None,
    format: Format = Format.json,  # noqa: A002
) -> Any:
    """One report. Trips count from the start of their plan, orders on the day they are due."""
    report = _known(name)
    if by is None:
        by = Grouping.day if Grouping.day in report.groupings else report.groupings[0]
    if by not in report.groupings:
        allowed = ", ".join(grouping.value for grouping in report.groupings)
        raise InvalidInputError("query.by", f"{report.title.lower()} can be taken by {allowed}")
    since, until = _span(since, until)
    with caller.transaction() as connection:
        rows = reports.run(connection, report, by, since, until)
    if format is Format.json:
        return Report(name=name, title=report.title, by=by, since=since, until=until, figures=_figures(report), rows=rows)
    return _file(report, by, rows, format)


def _known(name: str) -> known.Report:
    report = known.REPORTS.get(name)
    if report is None:
        raise NotFoundError("report", name)
    return report


def _span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until or datetime.now(UTC)
    begin = since or end - min(REPORTED, end - datetime.min.replace(tzinfo=UTC))
    if not timedelta() < end - begin <= LONGEST:
        raise InvalidInputError("query.until", f"must be later than `since`, by {LONGEST.days} days at most")
    return begin, end


def _figures(report: known.Report) -> list[Figure]:
    return [Figure.model_validate(figure) for figure in report.figures]


def _file(report: known.Report, by: Grouping, rows: list[dict[str, Any]], wanted: Format) -> Response:
    names = [by.value, *(figure.name for figure in report.figures)]
    table = [[row["key"], *(row[figure.name] for figure in report.figures)] for row in rows]
    headers = {"content-disposition": f'attachment; filename="{report.name}-by-{by.value}.{wanted.value}"'}
    if wanted is Format.csv:
        return Response(to_csv(names, table), media_type=CSV_TYPE, headers=headers)
    notes = [("figure", "unit", "definition"), *((one.name, one.unit, one.definition) for one in report.figures)]
    return Response(to_xlsx(report.title, names, table, notes), media_type=XLSX_TYPE, headers=headers)
