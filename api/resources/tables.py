"""Records in and out as tables: CSV and XLSX, with a report row by row before anything is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from api.access import Access, Reader
from api.errors import problem_responses
from api.plain_tables import PLAIN_TABLES, PlainTable
from api.records import keeping
from api.records.resource import Resource, Shown
from api.records.table import GivenRecord, columns, read_records, rows_of
from api.resources.assets import ASSETS, TRANSFERS
from api.resources.beats import BEATS
from api.resources.drivers import DRIVERS
from api.resources.fleet import FLEET
from api.resources.orders import ORDERS
from api.resources.outlets import OUTLETS
from api.resources.price_lists import PRICE_LISTS
from api.resources.products import PRODUCTS
from api.resources.promotions import PROMOTIONS
from api.resources.route_plans import ROUTE_PLANS
from api.trip_table import keep_trip, trips_of
from domain.errors import BeatwatchError, InvalidInputError, NotAllowedError, TooLargeError
from domain.people import Permission
from store import records, told_tables
from store.listing import Part, place
from store.pool import Connection, savepoint
from store.records import Wanted
from wire.files.sheets import CSV_TYPE, XLSX_TYPE, to_csv, to_xlsx
from wire.files.tables import Row, read_table

router = APIRouter(tags=["tables"])

LARGEST: Final = 10 * 2**20
MOST_ERRORS: Final = 1000
RESOURCES: Final = {
    "outlets": OUTLETS,
    "products": PRODUCTS,
    "orders": ORDERS,
    "vehicles": FLEET,
    "drivers": DRIVERS,
    "beats": BEATS,
    "price-lists": PRICE_LISTS,
    "promotions": PROMOTIONS,
    "route-plans": ROUTE_PLANS,
    "assets": ASSETS,
    "asset-transfers": TRANSFERS,
}
Kind = Literal[
    "outlets",
    "products",
    "orders",
    "vehicles",
    "drivers",
    "beats",
    "price-lists",
    "promotions",
    "route-plans",
    "assets",
    "asset-transfers",
    "trips",
    "devices",
    "zones",
    "people",
]
Told = Literal[
    "visits",
    "load-outs",
    "deliveries",
    "proofs",
    "returns",
    "settlements",
    "breakdowns",
    "approvals",
    "outlet-changes",
    "stock-movements",
    "stock-balances",
    "events",
    "alerts",
    "brand-contracts",
    "organisations",
]
Form = Literal["csv", "xlsx"]


class RowError(BaseModel):
    """What is wrong in one row."""

    row: int = Field(description="In the file; the header is row 1.", examples=[17])
    column: str | None = Field(examples=["longitude_deg"])
    detail: str


class ImportReport(BaseModel):
    """What a table says, and whether it was kept: all of it, or with any error nothing."""

    kept: bool
    added: int
    changed: int
    unchanged: int
    error_count: int
    errors: list[RowError] = Field(description=f"The first {MOST_ERRORS}.")


_SHEETS: Final[dict[str, Any]] = {
    CSV_TYPE: {"schema": {"type": "string"}},
    XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}},
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "description": f"The table, at most {LARGEST} bytes.", "content": _SHEETS}
}


class _NotKept(Exception):  # noqa: N818  # no error: it takes back what was only tried
    pass


@router.get("/exports/{kind}", operation_id="export_table", response_class=Response, responses={200: {"content": _SHEETS}})
def export_table(
    caller: Reader,
    kind: Kind | Told,
    form: Form = "csv",
    since: Annotated[AwareDatetime | None, Query(description="Of what is planned and what happened: from then on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="And before then.")] = None,
) -> Response:
    """All records of a kind as a table. What belongs to a record stands in rows of its own, in columns such as units.pieces."""
    headers = {"content-disposition": f'attachment; filename="{kind}.{form}"'}
    if kind in told_tables.KINDS:
        rows = _told(caller, kind, since, until)
        names = list(next(rows))
    else:
        _refuse_who_may_not_read(caller, kind)
        names, rows = _columns(kind), _rows(caller, kind)
    if form == "csv":
        lines = _csv(names, rows)
        return StreamingResponse(_spooled(lines) if kind in told_tables.KINDS else lines, media_type=CSV_TYPE, headers=headers)
    return Response(to_xlsx(kind, names, rows), media_type=XLSX_TYPE, headers=headers)


@router.post("/imports/{kind}", operation_id="import_table", openapi_extra=_BODY, responses=problem_responses(413))
async def import_table(
    caller: Reader,
    request: Request,
    kind: Kind,
    form: Annotated[
        Form | None,
        Query(description="CSV (UTF-8; comma, semicolon or tab) or XLSX (first sheet); left out: as its first bytes tell."),
    ] = None,
    dry_run: Annotated[bool, Query(description="Only say what would come of it.")] = False,
) -> ImportReport:
    """Add and change records as a table says: those whose key is known are changed, by the columns that are not empty."""
    if (writes := _writes(kind)) not in caller.permissions:
        raise NotAllowedError(f"to import {kind} one has to be allowed to {writes.value}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLargeError(f"a table has at most {LARGEST} bytes")
    return await run_in_threadpool(_import, caller, kind, read_table(bytes(body), form), dry_run)


def importable(caller: Access) -> list[str]:
    """The kinds of tables that this caller may bring in."""
    return [kind for kind in get_args(Kind) if _writes(kind) in caller.permissions]


def _writes(kind: str) -> Permission:
    tables: dict[str, Resource | PlainTable] = {**RESOURCES, **PLAIN_TABLES}
    return tables[kind].writes if kind in tables else Permission.plan


def _import(caller: Access, kind: str, rows: Iterator[Row], dry_run: bool) -> ImportReport:
    report = ImportReport(kept=False, added=0, changed=0, unchanged=0, error_count=0, errors=[])
    try:
        with caller.transaction() as connection:
            for number, keep in _to_keep(caller, connection, kind, rows):
                _take(connection, number, keep, report)
            if dry_run or report.error_count:
                raise _NotKept
            report.kept = True
    except _NotKept:
        pass
    return report


def _to_keep(caller: Access, connection: Connection, kind: str, rows: Iterator[Row]) -> Iterator[tuple[int, Callable[[], str]]]:
    """What the rows stand for: the number of the first, and how it is kept."""
    if kind in PLAIN_TABLES:
        table = PLAIN_TABLES[kind]
        for count, (number, row) in enumerate(rows, 1):
            if table.most is not None and count > table.most:
                raise TooLargeError(f"a table of {kind} has at most {table.most} rows")
            yield number, partial(_keep_plain, table, caller, connection, row)
        return
    if kind == "trips":
        for number, document in trips_of(rows):
            yield number, partial(keep_trip, caller, connection, document)
        return
    resource = RESOURCES[kind]
    for given in read_records(resource, rows):
        yield given.row, partial(_keep, caller, connection, resource, given)


def _keep_plain(table: PlainTable, caller: Access, connection: Connection, row: dict[str, str]) -> str:
    table.check(row)
    return table.keep(caller, connection, row)


def _take(connection: Connection, number: int, keep: Callable[[], str], report: ImportReport) -> None:
    """Keep one record within the transaction, or say what is wrong with it and leave no trace of it."""
    try:
        with savepoint(connection):
            outcome = keep()
        setattr(report, outcome, getattr(report, outcome) + 1)
    except ValidationError as error:
        for one in error.errors():
            _tell(report, number, ".".join(map(str, one["loc"])) or None, one["msg"])
    except InvalidInputError as error:
        _tell(report, number, error.field, error.detail)
    except BeatwatchError as error:
        _tell(report, number, None, str(error))


def _keep(caller: Access, connection: Connection, resource: Resource, given: GivenRecord) -> str:
    if given.wrong is not None:
        raise given.wrong
    values = given.values
    key = values[resource.table.key]
    known = records.find_all(connection, resource.table, caller.org_id, [key]).get(key)
    if known is None:
        keeping.add(caller, connection, resource, resource.new.model_validate(values))
        return "added"
    changeable = {info.alias or name for name, info in resource.change.model_fields.items()}
    change = resource.change.model_validate({name: value for name, value in values.items() if name in changeable})
    said = change.model_dump(mode="json", by_alias=True, include=change.model_fields_set)
    before = resource.show(known).model_dump(mode="json", by_alias=True)
    if all(before.get(name) == value for name, value in said.items()):
        return "unchanged"
    keeping.change(caller, connection, resource, key, change, None)
    return "changed"


def _tell(report: ImportReport, row: int, column: str | None, detail: str) -> None:
    report.error_count += 1
    if len(report.errors) < MOST_ERRORS:
        report.errors.append(RowError(row=row, column=column, detail=detail))


def _told(caller: Access, kind: str, since: datetime | None, until: datetime | None) -> Iterator[Any]:
    """The names of the columns, then the rows."""
    if Permission.observe not in caller.permissions:
        raise NotAllowedError(f"{caller.role.called} may not export {kind}")
    with caller.transaction() as connection:
        yield from told_tables.read_table(connection, kind, since, until)


def _refuse_who_may_not_read(caller: Access, kind: str) -> None:
    needed = PLAIN_TABLES[kind].reads if kind in PLAIN_TABLES else None
    if needed is not None and needed not in caller.permissions:
        raise NotAllowedError(f"to export {kind} one has to be allowed to {needed.value}")


def _columns(kind: str) -> list[str]:
    return list(PLAIN_TABLES[kind].columns) if kind in PLAIN_TABLES else columns(RESOURCES[kind])


def _rows(caller: Access, kind: str) -> Iterator[list[Any]]:
    if kind in PLAIN_TABLES:
        with caller.transaction() as connection:
            yield from list(PLAIN_TABLES[kind].rows(connection))
        return
    for shown in _all(caller, RESOURCES[kind]):
        yield from rows_of(RESOURCES[kind], shown)


def _all(caller: Access, resource: Resource) -> Iterator[Shown]:
    """Every record, a page a transaction: a slow reader holds no connection."""
    part = Part(limit=500)
    while True:
        with caller.transaction() as connection:
            page = records.list_records(connection, resource.table, Wanted(part=part))
        yield from map(resource.show, page)
        if len(page) < part.limit:
            return
        part = replace(part, after=place(records.listing(resource.table), "", page[-1]))


def _spooled(lines: Iterator[bytes]) -> Iterator[bytes]:
    """All of it before the first is sent: it is one transaction's, and a slow reader holds no connection."""
    with SpooledTemporaryFile(max_size=LARGEST) as kept:
        kept.writelines(lines)
        kept.seek(0)
        while chunk := kept.read(2**16):
            yield chunk


def _csv(names: list[str], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    yield to_csv(names, ())
    for row in rows:
        yield to_csv((), [row])[2:]
