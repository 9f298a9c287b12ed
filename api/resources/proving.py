"""Proof of delivery: a signature, a photo, a scan, or a one-time password that the customer tells."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Deliverer, Planner
from api.held_deliveries import REFUSALS, DeliveryId, Sighting, answer_delivery, held_delivery, note_delivery
from api.journeys import refuse_future
from api.one_time import check_otp, send_otp
from api.shown_deliveries import DeliveryInFull
from domain.errors import ConflictError, InvalidInputError
from domain.trip_life import DONE, TELLS_OF_FAILURES
from store import deliveries, otp_gateways
from store.deliveries import NewProof

router = APIRouter(prefix="/deliveries/{delivery_id}", tags=["deliveries"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class CapturedProof(Sighting):
    """A proof as the phone captured it: media for a signature or a photo, a code for a scan, a password for an OTP."""

    kind: Annotated[str, Field(pattern="^(otp|signature|photo|scan)$", examples=["signature"])]
    captured_at: AwareDatetime
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    code: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] | None = None
    signed_by: Name | None = None


class IssuedOtp(BaseModel):
    """That a one-time password is on its way to the customer. Nobody here is shown it, and only its hash is kept."""

    delivery_id: str
    until: datetime
    sent_to: str = Field(description="The end of the outlet's telephone number.", examples=["... 1234"])


@router.post("/proofs", operation_id="prove_delivery", status_code=201, responses=REFUSALS)
def prove(caller: Deliverer, delivery_id: DeliveryId, proof: CapturedProof, response: Response) -> DeliveryInFull:
    """Bring a proof. A wrong one-time password is refused and counted; after five it holds no longer."""
    refuse_future(proof.captured_at, "captured_at")
    _check_content(proof)
    if proof.kind == "otp":
        check_otp(caller, delivery_id, proof.code or "")
    with caller.transaction() as connection:
        row = held_delivery(caller, connection, delivery_id)
        if row.trip_state not in TELLS_OF_FAILURES:
            raise ConflictError(f"trip {row.trip_id!r} is {row.trip_state}: nothing is proved then")
        new = NewProof(**proof.model_dump(exclude={"code"}), code=proof.code if proof.kind == "scan" else None)
        if deliveries.add_proof(connection, row, new, caller.actor):
            told = proof.model_dump(mode="json", exclude={"code"})
            note_delivery(caller, connection, row, "delivery.prove", told)
        return answer_delivery(connection, deliveries.delivery_named(connection, delivery_id), response)


@router.post("/otp", operation_id="issue_otp", status_code=201, responses=REFUSALS)
def issue_otp(caller: Planner, request: Request, delivery_id: DeliveryId) -> IssuedOtp:
    """Send the customer a new one-time password, by the gateway for text messages. The driver never sees it."""
    gateway: str = request.app.state.otp_webhook_url
    with caller.transaction() as connection:
        row = held_delivery(caller, connection, delivery_id)
        if not gateway and not otp_gateways.is_served(connection, row.org_id):
            raise ConflictError("no gateway sends one-time passwords: save one at /otp-gateway, or set OTP_WEBHOOK_URL")
        if row.state in DONE:
            raise ConflictError(f"delivery {delivery_id!r} is {row.state}")
        phone = deliveries.phone_of(connection, row)
        if not phone:
            raise ConflictError(f"outlet {row.outlet_id!r} has no telephone number")
        until = send_otp(connection, row, phone, gateway)
        note_delivery(caller, connection, row, "delivery.otp", {"until": until.isoformat()})
    return IssuedOtp(delivery_id=delivery_id, until=until, sent_to=f"... {phone[-4:]}")


def _check_content(proof: CapturedProof) -> None:
    wanted = "sha256" if proof.kind in {"signature", "photo"} else "code"
    if getattr(proof, wanted) is None:
        raise InvalidInputError(wanted, f"a proof by {proof.kind} has one")
    if (proof.longitude_deg is None) != (proof.latitude_deg is None):
        raise InvalidInputError("longitude_deg", "goes together with latitude_deg")
