"""Deliveries: what a stop gets of an order, item by item, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import InvalidInputError, NotFoundError
from store.journeys import Journey
from store.listing import Listing, Part, ending
from store.pool import Connection
from store.products import no_product
from store.statements import statements

_SQL: Final = statements("deliveries")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery side by side with what the engine saw of its stop."""

    org_id: int
    delivery_id: str
    trip_id: str
    trip_state: str
    stop_id: str
    position_no: int
    order_id: str | None
    outlet_id: str | None
    outlet_name: str | None
    vehicle_id: str
    state: str
    window_start: datetime | None
    window_end: datetime | None
    arrived_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None
    reason: str | None
    invoice_no: str | None
    invoice_value: Decimal
    cash: Decimal
    upi: Decimal
    credit: Decimal
    crates_out: int
    crates_in: int
    otp_until: datetime | None
    otp_tries: int
    visit_state: str | None
    visit_arrived_at: datetime | None
    visit_departed_at: datetime | None
    visit_confidence: float | None
    visit_facts: Mapping[str, Any] | None
    proved_at: list[datetime]
    contradicted_by: list[str]
    planned_start: datetime
    stops_before: int  # negative, so that the newest trip comes first and its first stop, too
    changed_at: datetime  # also by a proof, or by what was seen of it


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A product of a delivery, in pieces, beside what the order says."""

    line_no: int
    product_id: str
    name: str
    ordered: int
    loaded: int
    delivered: int
    free: int
    planned_free: int
    short: int
    short_reason: str | None
    damaged: int
    returned: int
    return_reason: str | None
    price: Decimal
    discount_value: Decimal
    tax_pct: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was handed over of a line, in pieces."""

    line_no: int
    product_id: str
    delivered: int
    free: int
    short: int
    short_reason: str | None
    damaged: int
    returned: int
    return_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a delivery ended."""

    state: str
    completed_at: datetime
    completed_by: str
    longitude_deg: float | None
    latitude_deg: float | None
    accuracy_m: float | None
    reason: str | None
    invoice_value: Decimal
    cash: Decimal
    upi: Decimal
    credit: Decimal
    crates_out: int
    crates_in: int


@dataclass(frozen=True, slots=True)
class StoredProof:
    """A proof of delivery. Of which kind is not known when a plan brought it along."""

    proof_id: str
    kind: str
    captured_at: datetime
    received_at: datetime
    actor: str | None
    sha256: str | None
    code: str | None
    signed_by: str | None
    longitude_deg: float | None
    latitude_deg: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProof:
    """A proof that was just brought."""

    kind: str
    captured_at: datetime
    sha256: str | None
    code: str | None
    signed_by: str | None
    longitude_deg: float | None
    latitude_deg: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries to list; `None` lets all through. Times bound the planned start of the trip."""

    delivery_id: str | None = None
    trip_id: str | None = None
    org_id: int | None = None
    outlet_id: str | None = None
    order_id: str | None = None
    states: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    billed_unvisited: bool | None = None


def make_deliveries(connection: Connection, journey: Journey) -> None:
    """A delivery for each order on the van, and one for each stop without any; with a line for each of the order's."""
    connection.execute(_SQL["make"], _trip(journey))
    connection.execute(_SQL["make_lines"], _trip(journey))


_CHANGED_AT: Final = SQL(_SQL["changed_at"])
LISTING: Final = Listing(
    sorts={"planned_start": Identifier("trip", "planned_start"), "changed_at": _CHANGED_AT},
    keys={
        "planned_start": Identifier("trip", "planned_start"),
        "stops_before": SQL("(-stop.position_no)"),
        "delivery_id": Identifier("delivery", "delivery_id"),
        "org_id": Identifier("delivery", "org_id"),
    },
    changed=SQL("{} >= %(changed_since)s").format(_CHANGED_AT),
    newest_first=True,
)
_OF_A_TRIP: Final = Part(limit=1000)


def list_deliveries(connection: Connection, wanted: DeliveryFilter, part: Part = _OF_A_TRIP) -> list[Delivery]:
    """Deliveries, unless `part` says otherwise the latest trip first, in the order of their stops."""
    end, page = ending(LISTING, part)
    states = list(wanted.states) if wanted.states else None
    statement = SQL(_SQL["list"]).format(changed_at=_CHANGED_AT, part=end)
    with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(statement, {**asdict(wanted), "states": states, **page}).fetchall()


def delivery_named(connection: Connection, delivery_id: str) -> Delivery:
    """One delivery. Raises NotFoundError."""
    found = list_deliveries(connection, DeliveryFilter(delivery_id=delivery_id), Part(limit=1))
    if not found:
        raise NotFoundError("delivery", delivery_id)
    return found[0]


def lines_of(connection: Connection, delivery: Delivery) -> list[DeliveryLine]:
    """The lines of a delivery."""
    with connection.cursor(row_factory=class_row(DeliveryLine)) as cursor:
        return cursor.execute(_SQL["lines"], _key(delivery)).fetchall()


def proofs_of(connection: Connection, delivery: Delivery) -> list[StoredProof]:
    """What proves it, by time; also what the plan brought along for its stop."""
    with connection.cursor(row_factory=class_row(StoredProof)) as cursor:
        row = _key(delivery) | {"trip_id": delivery.trip_id, "stop_id": delivery.stop_id}
        return cursor.execute(_SQL["proofs"], row).fetchall()


def arrive(connection: Connection, delivery: Delivery, at: datetime) -> None:
    """The driver is there."""
    connection.execute(_SQL["arrive"], _key(delivery) | {"at": at})


def complete(connection: Connection, delivery: Delivery, ending: Ending, handed: Sequence[Handed]) -> None:
    """Write down how it ended, in the delivery and in its order. Raises InvalidInputError for what is no product."""
    row = _key(delivery) | asdict(ending)
    for name in ("longitude", "latitude"):
        degrees = row.pop(f"{name}_deg")
        row[f"{name}_e7"] = None if degrees is None else round(degrees * 1e7)
    connection.execute(_SQL["complete"], row)
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_SQL["hand_over"], [_key(delivery) | asdict(line) for line in handed])
    except psycopg.errors.ForeignKeyViolation as error:
        raise no_product(connection, delivery.org_id, "returns.product_id", [line.product_id for line in handed]) from error
    if delivery.order_id is not None:
        order = {"org_id": delivery.org_id, "order_id": delivery.order_id, "delivery_id": delivery.delivery_id}
        connection.execute(_SQL["tell_order_lines"], order)
        connection.execute(_SQL["tell_order"], order | {"state": ending.state, "reason": ending.reason})


def add_proof(connection: Connection, delivery: Delivery, proof: NewProof, actor: str) -> bool:
    """Keep a proof; whether it is new. Raises InvalidInputError when what it shows was not kept before."""
    row = _key(delivery) | asdict(proof) | {"trip_id": delivery.trip_id, "stop_id": delivery.stop_id, "actor": actor}
    for name in ("longitude", "latitude"):
        degrees = row.pop(f"{name}_deg")
        row[f"{name}_e7"] = None if degrees is None else round(degrees * 1e7)
    try:
        with connection.transaction():
            return bool(connection.execute(_SQL["add_proof"], row).rowcount)
    except psycopg.errors.ForeignKeyViolation as error:
        raise InvalidInputError("sha256", "save the media first") from error


def set_otp(connection: Connection, delivery: Delivery, otp_hash: str, until: datetime) -> None:
    """A new one-time password; an old one no longer holds."""
    connection.execute(_SQL["set_otp"], _key(delivery) | {"otp_hash": otp_hash, "until": until})


def try_otp(connection: Connection, delivery: Delivery, most_tries: int) -> str | None:
    """Count a try; the hash to compare with, if there is one that still holds."""
    row = connection.execute(_SQL["try_otp"], _key(delivery) | {"most": most_tries}).fetchone()
    return row["otp_hash"] if row else None


def phone_of(connection: Connection, delivery: Delivery) -> str | None:
    """The outlet's telephone, if anybody told."""
    row = connection.execute(_SQL["phone"], {"org_id": delivery.org_id, "outlet_id": delivery.outlet_id}).fetchone()
    return row["phone"] if row else None


def _key(delivery: Delivery) -> dict[str, Any]:
    return {"org_id": delivery.org_id, "delivery_id": delivery.delivery_id}


def _trip(journey: Journey) -> dict[str, Any]:
    return {"org_id": journey.org_id, "trip_id": journey.trip_id}
