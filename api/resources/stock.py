"""Stock: a ledger of movements at depots, vans and outlets, which nobody can rewrite, and the balances that it makes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Approver, Caller, Checker
from api.errors import problem_responses
from api.journeys import refuse_future
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from api.resources.approvals import Approval, AskedFor, ask
from api.stock_takes import balance
from domain.approvals import ApprovalKind
from domain.errors import ConflictError
from store import stock
from store.audit import Change
from store.listing import Part
from store.pool import Connection
from store.stock import Cause, Movement, Place, PlaceKind, StockFilter

router = APIRouter(prefix="/stock", tags=["stock"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Pieces = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[120])]


class StockMovement(BaseModel):
    """A line of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    movement_id: int
    moved_at: datetime
    place_kind: PlaceKind
    place_id: str = Field(examples=["van-07"])
    product_id: str = Field(examples=["cola-500"])
    batch: str = Field(description="Empty when nobody said.")
    pieces: int = Field(description="More, or negative: fewer.", examples=[-24])
    cause: Cause
    ref: str = Field(description="What it belongs to; the same cause and reference are the same movement.")
    trip_id: str | None
    actor: str
    note: str | None
    stored_at: datetime


class StockBalance(BaseModel):
    """What the ledger says is at a place."""

    model_config = ConfigDict(from_attributes=True)

    place_kind: PlaceKind
    place_id: str
    product_id: str
    pieces: int
    moved_at: datetime = Field(description="The last movement.")
    changed_at: datetime = Field(description="When a movement was last written down.")


class Receipt(Given):
    """Goods that came to a depot, such as a primary sale or an opening stock."""

    receipt_id: Name = Field(description="The same again is not counted again.", examples=["GRN-1001"])
    depot_id: Name = Field(examples=["depot-north"])
    received_at: AwareDatetime
    cause: Annotated[Cause, Field(description="`receipt` or `opening`.")] = Cause.receipt
    lines: list[ReceiptLine] = Field(min_length=1, max_length=1000)


class ReceiptLine(Given):
    """So many pieces of a product."""

    product_id: Name
    pieces: int = Field(ge=1, le=1_000_000_000)
    batch: str = Field("", max_length=200, pattern=r"^[^\x00]*$")


class Count(Given):
    """How many pieces somebody counted, to be agreed to before the ledger follows."""

    place_kind: PlaceKind
    place_id: Name
    product_id: Name
    counted: Pieces
    comment: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$")


class Moved(BaseModel):
    """What a request wrote down."""

    movements: int = Field(description="New lines of the ledger; 0 when all of it was there already.")


Word = Annotated[str | None, Query(max_length=200)]


@router.get("/movements", operation_id="list_stock_movements")
def list_movements(
    caller: Caller,
    asked: Listed,
    place_kind: PlaceKind | None = None,
    place_id: Word = None,
    product_id: Word = None,
    cause: Cause | None = None,
    trip_id: Word = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> RecordPage[StockMovement]:
    """Lines of the ledger, the newest first."""
    wanted = StockFilter(
        place_kind=place_kind, place_id=place_id, product_id=product_id, cause=cause, trip_id=trip_id, since=since, until=until
    )

    def read(connection: Connection, part: Part) -> list[stock.StoredMovement]:
        return stock.list_movements(connection, wanted, part)

    return record_page(caller, stock.LISTING, asked, read, StockMovement.model_validate)


@router.get("/balances", operation_id="list_stock_balances")
def list_balances(
    caller: Caller,
    asked: Listed,
    place_kind: PlaceKind | None = None,
    place_id: Word = None,
    product_id: Word = None,
    at: Annotated[AwareDatetime | None, Query(description="As of before this moment; otherwise now.")] = None,
) -> RecordPage[StockBalance]:
    """What is where, by kind of place, place and product."""
    wanted = StockFilter(place_kind=place_kind, place_id=place_id, product_id=product_id, until=at)

    def read(connection: Connection, part: Part) -> list[stock.Balance]:
        return stock.list_balances(connection, wanted, part)

    return record_page(caller, stock.BALANCES, asked, read, StockBalance.model_validate)


@router.post("/receipts", operation_id="receive_stock", status_code=201, responses=problem_responses(403, 409, 422))
def receive_stock(caller: Approver, receipt: Receipt) -> Moved:
    """Write down what came to a depot."""
    if receipt.cause not in {Cause.receipt, Cause.opening}:
        raise ConflictError("goods come by `receipt` or `opening`; everything else is written down where it happens")
    refuse_future(receipt.received_at, "body.received_at")
    pieces: Counter[tuple[str, str]] = Counter()
    for line in receipt.lines:
        pieces[line.product_id, line.batch] += line.pieces
    with caller.transaction() as connection:
        new = stock.move(connection, caller.org_id, caller.actor, _movements(receipt, pieces))
        if _written_down(connection, caller.org_id, receipt) != pieces:
            raise ConflictError(
                f"{receipt.cause.value} {receipt.receipt_id!r} of {receipt.depot_id!r} was told with other lines"
            )
        after = receipt.model_dump(mode="json")
        if new:
            caller.note(connection, Change(action="stock.receive", kind="receipt", identifier=receipt.receipt_id, after=after))
    return Moved(movements=new)


def _movements(receipt: Receipt, pieces: Counter[tuple[str, str]]) -> list[Movement]:
    return [
        Movement(
            moved_at=receipt.received_at,
            place=Place(PlaceKind.depot, receipt.depot_id),
            product_id=product_id,
            pieces=count,
            cause=receipt.cause,
            ref=receipt.receipt_id,
            batch=batch,
        )
        for (product_id, batch), count in pieces.items()
    ]


def _written_down(connection: Connection, org_id: int, receipt: Receipt) -> Counter[tuple[str, str]]:
    """What the ledger says of a receipt: pieces by product and batch."""
    wanted = StockFilter(place_kind=PlaceKind.depot, place_id=receipt.depot_id, cause=receipt.cause, ref=receipt.receipt_id)
    rows = stock.list_movements(connection, wanted, Part(limit=10_000))
    return Counter({(row.product_id, row.batch): row.pieces for row in rows if row.org_id == org_id})


@router.post("/counts", operation_id="count_stock", status_code=201, responses=problem_responses(403, 409, 422))
def count_stock(caller: Checker, count: Count) -> Approval:
    """Say what was counted. The ledger follows when somebody has approved the difference."""
    with caller.transaction() as connection:
        place = Place(count.place_kind, count.place_id)
        before = balance(connection, caller.org_id, place, count.product_id)
        if before == count.counted:
            raise ConflictError(f"the ledger says {before} pieces already")
        return ask(
            caller, connection, caller.org_id, adjustment(place, count.product_id, (before, count.counted), count.comment)
        )


def adjustment(place: Place, product_id: str, pieces: tuple[int, int], comment: str | None, **more: Any) -> AskedFor:
    """The request to let the ledger say the second number of pieces where it says the first."""
    before, after = pieces
    told = {"place_kind": place.kind.value, "place_id": place.place_id, "product_id": product_id}
    return AskedFor(
        kind=ApprovalKind.stock_adjustment,
        subject_id=f"{place.kind.value}/{place.place_id}/{product_id}"[:200],
        comment=comment,
        difference={**told, "pieces": {"before": before, "after": after}, **more},
    )
