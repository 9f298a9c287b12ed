"""API keys: how other programs come in. A key is shown once, when it is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import KEY_PREFIX, Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.passwords import digest, new_token
from api.records.resource import Given, Text
from domain.errors import InvalidInputError
from domain.people import PERMISSIONS, Permission, Role
from store import api_keys
from store.audit import Change
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/api-keys", tags=["API keys"])

_MAY: Final = sorted(PERMISSIONS[Role.integrator])


class NewApiKey(Given):
    """A key to make, in the role of an integrator, with no more than these scopes of it."""

    name: Annotated[Text, Field(max_length=200, examples=["ERP nightly orders"])]
    scopes: list[Permission] = Field(min_length=1, max_length=len(_MAY), examples=[_MAY])
    expires_at: AwareDatetime | None = None


class ApiKey(BaseModel):
    """A key as it is listed."""

    model_config = ConfigDict(from_attributes=True)

    key_id: UUID
    name: str
    begins_with: str = Field(description="Its first characters, to tell keys apart.")
    scopes: list[Permission]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class MadeApiKey(ApiKey):
    """A key that was just made."""

    key: str = Field(description="Send it as a bearer token. It is not shown again.")


@router.get("", operation_id="list_api_keys")
def list_api_keys(
    caller: Administrator,
    asked: Listed,
    name: Annotated[str | None, Query(max_length=200)] = None,
    holds: Annotated[bool | None, Query(description="True: those that are good; false: revoked and expired ones.")] = None,
) -> RecordPage[ApiKey]:
    """Keys of the organisation and those below it, the newest first, revoked ones too. To be used is no change."""

    def read(connection: Connection, part: Part) -> list[api_keys.ApiKey]:
        return api_keys.list_keys(connection, name, holds=holds, part=part)

    return record_page(caller, api_keys.LISTING, asked, read, ApiKey.model_validate)


@router.post("", operation_id="add_api_key", status_code=201)
def add_api_key(caller: Administrator, new: NewApiKey, response: Response) -> MadeApiKey:
    """Make a key for one's own organisation."""
    if too_much := sorted(set(new.scopes) - set(_MAY)):
        raise InvalidInputError("scopes", f"an integrator may not {too_much[0]}; it may {', '.join(_MAY)}")
    if new.expires_at is not None and new.expires_at <= datetime.now(UTC):
        raise InvalidInputError("expires_at", "must be later than now")
    response.headers["cache-control"] = "no-store"
    key = KEY_PREFIX + new_token()
    with caller.transaction() as connection:
        row = api_keys.add_key(
            connection,
            caller.org_id,
            name=new.name,
            key_hash=digest(key),
            begins_with=key[: len(KEY_PREFIX) + 6],
            scopes=sorted(set(new.scopes)),
            created_by=caller.actor,
            expires_at=new.expires_at,
        )
        after = {"name": row.name, "scopes": row.scopes, "begins_with": row.begins_with}
        caller.note(connection, Change(action="api_key.add", kind="api_key", identifier=str(row.key_id), after=after))
    return MadeApiKey(**ApiKey.model_validate(row).model_dump(), key=key)


@router.delete("/{key_id}", operation_id="revoke_api_key", status_code=204, responses=problem_responses(404))
def revoke_api_key(caller: Administrator, key_id: UUID) -> None:
    """End a key; what comes with it from now on is refused."""
    with caller.transaction() as connection:
        name, org_id = api_keys.revoke_key(connection, key_id)
        change = Change(action="api_key.revoke", kind="api_key", identifier=str(key_id), before={"name": name})
        caller.note(connection, change, org_id)
