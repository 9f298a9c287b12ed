"""Organisations, which form a tree: one adds to it below oneself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Administrator, Reader
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given, Text
from api.versions import IfMatch, check_unchanged, tag
from domain.errors import NotAllowedError
from store import organisations
from store.audit import Change
from store.pool import Connection

router = APIRouter(prefix="/organisations", tags=["organisations"])

Kind = Literal["manufacturer", "distributor", "sub_distributor"]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["INR"])]
Slug = Annotated[str, Path(max_length=63, examples=["north"])]


class Organisation(BaseModel):
    """Somebody whose goods or vans are watched."""

    model_config = ConfigDict(from_attributes=True)

    slug: str = Field(examples=["north"])
    name: str = Field(examples=["North Distributors"])
    kind: Kind
    currency: str = Field(description="Of all its money (ISO 4217).")
    time_zone: str = Field(
        description="By whose clock its days, its plans and the hours of its own rules go.", examples=["Asia/Kolkata"]
    )
    parent: str | None = Field(description="Slug of the organisation above it, if you see that.")
    created_at: datetime
    changed_at: datetime
    revision: int = Field(description="Counts changes; the ETag is made of it.")


class NewOrganisation(Given):
    """An organisation to add."""

    slug: str = Field(min_length=1, max_length=63, examples=["north"])
    name: Text
    kind: Kind = "distributor"
    currency: Currency = "INR"
    parent: str | None = Field(None, max_length=63, description="The one above it; otherwise one's own.")


class OrganisationChange(Given):
    """What to change of an organisation."""

    name: Text | None = None
    kind: Kind | None = None
    currency: Currency | None = None
    time_zone: str | None = Field(None, max_length=64, examples=["Asia/Kolkata"])


@router.get("", operation_id="list_organisations")
def list_organisations(caller: Reader, listed: Listed) -> RecordPage[Organisation]:
    """One's own organisation and all below it, by slug."""
    return record_page(caller, organisations.LISTING, listed, organisations.list_tree, Organisation.model_validate)


@router.get("/{slug}", operation_id="get_organisation", responses=problem_responses(404))
def get_organisation(caller: Reader, slug: Slug, response: Response) -> Organisation:
    """One organisation."""
    with caller.transaction() as connection:
        return _answer(organisations.organisation_named(connection, slug), response)


@router.post("", operation_id="add_organisation", status_code=201, responses=problem_responses(404, 409))
def add_organisation(caller: Administrator, new: NewOrganisation, response: Response) -> Organisation:
    """Add an organisation below one's own, or below another that one sees."""
    with caller.transaction() as connection:
        parent = new.parent or _own(caller, connection)
        organisations.found_organisation(connection, **{**new.model_dump(), "parent": parent})
        added = organisations.organisation_named(connection, new.slug)
        _note(caller, connection, "organisation.add", new.slug, None, _plain(added))
    return _answer(added, response)


@router.patch("/{slug}", operation_id="change_organisation", responses=problem_responses(404, 412, 422))
def change_organisation(
    caller: Administrator, slug: Slug, change: OrganisationChange, response: Response, if_match: IfMatch = None
) -> Organisation:
    """Change an organisation below one's own; a platform administrator also one's own."""
    with caller.transaction() as connection:
        before = organisations.organisation_named(connection, slug)
        if slug == _own(caller, connection) and caller.role != "platform_administrator":
            raise NotAllowedError("somebody above has to change your own organisation")
        check_unchanged(if_match, before.revision)
        organisations.change_organisation(connection, slug, **change.model_dump())
        after = organisations.organisation_named(connection, slug)
        _note(caller, connection, "organisation.change", slug, _plain(before), _plain(after))
    return _answer(after, response)


def _answer(organisation: organisations.Organisation, response: Response) -> Organisation:
    response.headers["etag"] = tag(organisation.revision)
    return Organisation.model_validate(organisation)


def _own(caller: Access, connection: Connection) -> str:
    return organisations.slug_of(connection, caller.org_id)


def _plain(organisation: organisations.Organisation) -> dict[str, Any]:
    shown = asdict(organisation)
    return {name: value for name, value in shown.items() if name not in {"created_at", "changed_at", "revision"}}


def _note(
    caller: Access, connection: Connection, action: str, slug: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    caller.note(connection, Change(action=action, kind="organisation", identifier=slug, before=before, after=after))
