"""Payload profiles: how the trackers and sensors of an organisation are wired, model by model or one by one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import IfMatch, check_known, tag
from domain.errors import NotFoundError
from store import payload_profiles
from store.audit import Change
from store.listing import Part
from store.pool import Connection
from wire.registry import profile

router = APIRouter(prefix="/payload-profiles", tags=["devices"])


class Scope(StrEnum):
    """A profile holds for all devices of a model, or for one device, whose own wins."""

    model = "model"
    device = "device"


class PayloadProfile(BaseModel):
    """What payloads of a model or device mean, where it differs from what their format usually says."""

    model_config = ConfigDict(from_attributes=True)

    format: str = Field(examples=["teltonika"])
    scope: Scope
    name: str = Field(description="The model, or the device's key.", examples=["FMB920"])
    settings: dict[str, Any] = Field(description="As docs/formats.md describes for the format.")
    changed_at: datetime


FormatName = Annotated[str, Path(max_length=50, examples=["teltonika"])]
Name = Annotated[str, Path(max_length=200, examples=["FMB920"])]
Settings = Annotated[dict[str, Any], Body(examples=[{"inputs": {"1": {"field": "door_open", "inverted": True}}}])]


@router.get("", operation_id="list_payload_profiles", responses=problem_responses(401, 403))
def list_payload_profiles(
    caller: Administrator,
    asked: Listed,
    format: Annotated[str | None, Query(max_length=50)] = None,  # noqa: A002
    scope: Scope | None = None,
    name: Annotated[str | None, Query(max_length=200)] = None,
) -> RecordPage[PayloadProfile]:
    """The organisation's profiles."""

    def read(connection: Connection, part: Part) -> list[payload_profiles.StoredProfile]:
        return payload_profiles.list_profiles(connection, caller.org_id, format_name=format, scope=scope, name=name, part=part)

    return record_page(caller, payload_profiles.LISTING, asked, read, PayloadProfile.model_validate)


@router.get("/{format}/{scope}/{name}", operation_id="get_payload_profile", responses=problem_responses(401, 403, 404))
def get_payload_profile(
    caller: Administrator,
    format: FormatName,  # noqa: A002
    scope: Scope,
    name: Name,
    response: Response,
) -> PayloadProfile:
    """One profile."""
    with caller.transaction() as connection:
        row = payload_profiles.find_profile(connection, caller.org_id, format, scope, name)
    if row is None:
        raise NotFoundError("payload profile", f"{format}/{scope}/{name}")
    response.headers["etag"] = tag(row.changed_at)
    return PayloadProfile.model_validate(row)


@router.put("/{format}/{scope}/{name}", operation_id="save_payload_profile", responses=problem_responses(401, 403, 412, 422))
def save_payload_profile(
    caller: Administrator,
    format: FormatName,  # noqa: A002
    scope: Scope,
    name: Name,
    settings: Settings,
    if_match: IfMatch = None,
) -> PayloadProfile:
    """Store a profile; it holds from the next messages on, and for dead letters that are sent again."""
    profile(format, settings)
    with caller.transaction() as connection:
        _check(connection, caller, (format, scope, name), if_match)
        row = payload_profiles.save_profile(connection, caller.org_id, format, scope, name, settings)
        caller.note(connection, _change("payload_profile.save", format, scope, name, settings))
    return PayloadProfile.model_validate(row)


@router.delete(
    "/{format}/{scope}/{name}",
    operation_id="delete_payload_profile",
    status_code=204,
    responses=problem_responses(401, 403, 404, 412),
)
def delete_payload_profile(
    caller: Administrator,
    format: FormatName,  # noqa: A002
    scope: Scope,
    name: Name,
    if_match: IfMatch = None,
) -> None:
    """Remove a profile; the format's usual meaning holds again."""
    with caller.transaction() as connection:
        _check(connection, caller, (format, scope, name), if_match)
        payload_profiles.delete_profile(connection, caller.org_id, format, scope, name)
        caller.note(connection, _change("payload_profile.delete", format, scope, name, {}))


def _check(connection: Connection, caller: Access, named: tuple[str, Scope, str], if_match: str | None) -> None:
    row = None if if_match is None else payload_profiles.find_profile(connection, caller.org_id, *named, lock=True)
    check_known(if_match, None if row is None else row.changed_at)


def _change(action: str, format_name: str, scope: Scope, name: str, settings: dict[str, Any]) -> Change:
    """What is written down: which settings there are, not what they say, for some are secrets."""
    identifier = f"{format_name}/{scope}/{name}"
    return Change(action=action, kind="payload_profile", identifier=identifier, after={"settings": sorted(settings)})
