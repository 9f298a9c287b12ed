"""Deliveries as the API shows them: with what the van was seen to do, what proves them, and whether that is believed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from api.records.money import Money
from domain.events import VisitState
from domain.trip_life import DeliveryState
from domain.verification import SeenVisit, Verdict, Verification, verify
from store import deliveries
from store.deliveries import Delivery as Row
from store.pool import Connection

_OVER: Final = {"returning", "unloading", "settlement_pending", "settled", "closed"}


class SeenByVan(BaseModel):
    """What the engine saw of the stop."""

    state: VisitState
    arrived_at: datetime | None
    departed_at: datetime | None
    confidence: float | None


class Estimate(BaseModel):
    """When the van will probably be there."""

    arrival_at: datetime
    minutes_left: float | None = Field(description="Until the window closes, from the arrival; negative: too late.")
    at_risk_because: str | None = Field(description="Why it may not be served in time, if so.")


class Verified(BaseModel):
    """Whether the delivery is believed: a serviced visit overlaps a proof of it."""

    model_config = ConfigDict(from_attributes=True)

    verdict: Verdict
    reason: str = Field(
        description="`visit_overlaps_proof`, `no_proof`, `no_visit`, `no_visit_yet`, `visit_not_over`, `proof_outside_visit`, "
        "a visit's state (`missed`, `drive_by`, `probable`, `no_data`, `skipped`) or the rule that holds against it.",
        examples=["visit_overlaps_proof"],
    )


class Delivery(BaseModel):
    """What one stop gets of one order; without an order it is only a call."""

    delivery_id: str
    trip_id: str
    stop_id: str
    position_no: int
    order_id: str | None
    outlet_id: str | None
    outlet_name: str | None
    vehicle_id: str
    state: DeliveryState
    window_start: datetime | None
    window_end: datetime | None
    arrived_at: datetime | None = Field(description="As the driver says.")
    completed_at: datetime | None
    completed_by: str | None
    reason: str | None = Field(description="Why it failed.")
    invoice_no: str | None
    invoice_value: Money
    cash: Money
    upi: Money
    credit: Money
    crates_out: int
    crates_in: int
    changed_at: datetime = Field(description="Also by a proof, or by what was seen of it.")
    otp_until: datetime | None = Field(description="Until when the one-time password holds that the customer was given.")
    verification: Verified
    visit: SeenByVan | None
    estimate: Estimate | None = Field(description="Only while it is open.")


class Line(BaseModel):
    """A product of a delivery, in pieces."""

    model_config = ConfigDict(from_attributes=True)

    line_no: int
    product_id: str
    name: str
    ordered: int
    loaded: int
    delivered: int
    planned_free: int
    free: int
    short: int
    short_reason: str | None
    damaged: int
    returned: int
    return_reason: str | None
    price: Money
    discount_value: Money = Field(description="Of all pieces ordered; of fewer, its share.")
    tax_pct: float = Field(examples=[18.0])


class Proof(BaseModel):
    """What proves a delivery. `unspecified`: the plan brought it along and did not say."""

    model_config = ConfigDict(from_attributes=True)

    proof_id: str
    kind: str = Field(examples=["signature"])
    captured_at: datetime
    received_at: datetime
    actor: str | None
    sha256: str | None = Field(description="The media.")
    code: str | None = Field(description="What was scanned.")
    signed_by: str | None
    longitude_deg: float | None
    latitude_deg: float | None
    accuracy_m: float | None


class DeliveryInFull(Delivery):
    """A delivery with its lines and proofs."""

    lines: list[Line]
    proofs: list[Proof]


def delivery_of(row: Row) -> Delivery:
    """A stored delivery as the API shows it."""
    plain = {name: getattr(row, name) for name in Delivery.model_fields if hasattr(row, name)}
    return Delivery(**plain, verification=_verified(row), visit=_visit(row), estimate=_estimate(row))


def delivery_in_full(connection: Connection, row: Row) -> DeliveryInFull:
    """A stored delivery with its lines and proofs."""
    lines = [Line.model_validate(line) for line in deliveries.lines_of(connection, row)]
    proofs = [Proof.model_validate(proof) for proof in deliveries.proofs_of(connection, row)]
    return DeliveryInFull(**delivery_of(row).model_dump(), lines=lines, proofs=proofs)


def _verification(row: Row) -> Verification:
    """Whether a stored delivery is believed."""
    visit = None
    if row.visit_state is not None:
        visit = SeenVisit(VisitState(row.visit_state), row.visit_arrived_at, row.visit_departed_at)
    return verify(row.proved_at, visit, row.contradicted_by, trip_is_over=row.trip_state in _OVER)


def _verified(row: Row) -> Verified:
    return Verified.model_validate(_verification(row))


def _visit(row: Row) -> SeenByVan | None:
    if row.visit_state is None:
        return None
    return SeenByVan(
        state=VisitState(row.visit_state),
        arrived_at=row.visit_arrived_at,
        departed_at=row.visit_departed_at,
        confidence=row.visit_confidence,
    )


def _estimate(row: Row) -> Estimate | None:
    facts = row.visit_facts or {}
    told = facts.get("estimated_arrival_at")
    if row.state != "pending" or not isinstance(told, str):
        return None
    arrival = datetime.fromisoformat(told)
    left = None if row.window_end is None else round((row.window_end - arrival).total_seconds() / 60, 1)
    return Estimate(arrival_at=arrival, minutes_left=left, at_risk_because=facts.get("at_risk_because"))
