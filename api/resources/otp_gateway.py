"""The gateway for text messages by which an organisation's one-time passwords go out to its customers."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Administrator
from api.errors import problem_responses
from api.records.resource import Given
from api.versions import IfMatch, check_known, tag
from domain.errors import NotFoundError
from domain.web_targets import LONGEST, check_url
from store import otp_gateways
from store.audit import Change
from store.otp_gateways import OtpGateway as Row

router = APIRouter(prefix="/otp-gateway", tags=["deliveries"])


class NewOtpGateway(Given):
    """Where to post what is to be sent."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST, examples=["https://sms.example.org/beatwatch"])]


class OtpGateway(BaseModel):
    """One's own gateway."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    changed_by: str
    changed_at: datetime


class MadeOtpGateway(OtpGateway):
    """A gateway whose secret was just made."""

    secret: str = Field(description="Key of the signatures. It is not shown again.")


@router.get("", operation_id="get_otp_gateway", responses=problem_responses(404))
def get_otp_gateway(caller: Administrator, response: Response) -> OtpGateway:
    """The organisation's own. Without one, that of the organisation above serves it, else that of the installation."""
    with caller.transaction() as connection:
        return _answer(otp_gateways.find_gateway(connection, caller.org_id), response)


@router.put("", operation_id="save_otp_gateway", responses=problem_responses(412, 422))
def save_otp_gateway(
    caller: Administrator, request: Request, new: NewOtpGateway, response: Response, if_match: IfMatch = None
) -> MadeOtpGateway:
    """Let one-time passwords of one's organisation, and of those below it without their own, go out here, with a new secret."""
    check_url(new.url, allow_private=request.app.state.webhooks_to_private)
    response.headers["cache-control"] = "no-store"
    secret = f"bws_{secrets.token_urlsafe(32)}"
    with caller.transaction() as connection:
        before = otp_gateways.find_gateway(connection, caller.org_id, lock=True)
        check_known(if_match, None if before is None else before.revision)
        otp_gateways.save_gateway(connection, caller.org_id, url=new.url, secret=secret, changed_by=caller.actor)
        caller.note(connection, _change("save", before, {"url": new.url}))
        shown = _answer(otp_gateways.find_gateway(connection, caller.org_id), response)
    return MadeOtpGateway(**shown.model_dump(), secret=secret)


@router.delete("", operation_id="delete_otp_gateway", status_code=204, responses=problem_responses(404, 412))
def delete_otp_gateway(caller: Administrator, if_match: IfMatch = None) -> None:
    """Have none of one's own."""
    with caller.transaction() as connection:
        before = otp_gateways.find_gateway(connection, caller.org_id, lock=True)
        if before is None:
            raise NotFoundError("gateway of one's own for one-time passwords")
        check_known(if_match, before.revision)
        otp_gateways.delete_gateway(connection, caller.org_id)
        caller.note(connection, _change("delete", before, None))


def _answer(row: Row | None, response: Response) -> OtpGateway:
    if row is None:
        raise NotFoundError("gateway of one's own for one-time passwords")
    response.headers["etag"] = tag(row.revision)
    return OtpGateway.model_validate(row)


def _change(action: str, before: Row | None, after: dict[str, str] | None) -> Change:
    was = None if before is None else {"url": before.url}
    return Change(action=f"otp_gateway.{action}", kind="otp_gateway", identifier="otp-gateway", before=was, after=after)
