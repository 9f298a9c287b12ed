"""Topic patterns: which topics of the broker carry which payload format, and whose they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Administrator
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import IfMatch, check_known, tag
from domain.errors import InvalidInputError, NotAllowedError, NotFoundError
from domain.people import Role
from store import topic_patterns
from store.audit import Change
from store.listing import Part
from store.organisations import find_organisation
from store.pool import Connection
from store.topic_patterns import StoredPattern
from wire.own_channels import DOWNLINKS, own_topic
from wire.registry import format_named
from wire.topics import TopicPattern as Pattern

router = APIRouter(prefix="/topic-patterns", tags=["devices"])
_KIND: Final = "topic_pattern"


class PatternContent(BaseModel):
    """Topics such as `fleet/{tenant}/{imei}/raw`; a last level `#` stands for any levels or none."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    pattern: str = Field(max_length=300, examples=["v3/{app}@ttn/devices/{device}/up"])
    format: str = Field(max_length=50, description="A payload format of docs/formats.md.", examples=["ttn"])
    device: str = Field(
        "{device}",
        max_length=300,
        description="The device's identity, over the placeholders. Where names repeat, put the installation before them. "
        "Empty: only the payload names the device.",
        examples=["{app}:{device}"],
    )
    tenant: str | None = Field(
        None,
        max_length=300,
        description="The slug of the organisation, over the placeholders; null: that of the device so called.",
        examples=["default"],
    )


class TopicPattern(PatternContent):
    """A pattern under its name."""

    name: str = Field(examples=["ttn-north"])
    changed_at: datetime


def of_the_platform(caller: Administrator) -> Access:
    """One broker serves all organisations: who may direct its topics could take another's messages."""
    if caller.role is not Role.platform_administrator:
        raise NotAllowedError("only a platform administrator may see and change the topics of the installation")
    return caller


PlatformAdministrator = Annotated[Access, Depends(of_the_platform)]
Name = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,62}$", examples=["ttn-north"])]


@router.get("", operation_id="list_topic_patterns", responses=problem_responses(401, 403))
def list_topic_patterns(
    caller: PlatformAdministrator,
    asked: Listed,
    format: Annotated[str | None, Query(max_length=50)] = None,  # noqa: A002
) -> RecordPage[TopicPattern]:
    """All patterns of the installation. Where some overlap, the one that leaves least open is meant."""

    def read(connection: Connection, part: Part) -> list[StoredPattern]:
        return topic_patterns.page_of_patterns(connection, format, part)

    return record_page(caller, topic_patterns.LISTING, asked, read, TopicPattern.model_validate)


@router.get("/{pattern_name}", operation_id="get_topic_pattern", responses=problem_responses(401, 403, 404))
def get_topic_pattern(caller: PlatformAdministrator, pattern_name: Name, response: Response) -> TopicPattern:
    """One pattern."""
    with caller.transaction() as connection:
        row = topic_patterns.find_pattern(connection, pattern_name)
    if row is None:
        raise NotFoundError("topic pattern", pattern_name)
    response.headers["etag"] = tag(row.changed_at)
    return TopicPattern.model_validate(row)


@router.put("/{pattern_name}", operation_id="save_topic_pattern", responses=problem_responses(401, 403, 409, 412, 422))
def save_topic_pattern(
    caller: PlatformAdministrator, pattern_name: Name, content: PatternContent, if_match: IfMatch = None
) -> TopicPattern:
    """Store a pattern. Ingest subscribes to its topics at once; messages sent before were never given to it."""
    _check(content)
    with caller.transaction() as connection:
        _check_organisation(connection, content)
        before = topic_patterns.find_pattern(connection, pattern_name)
        check_known(if_match, None if before is None else before.changed_at)
        row = topic_patterns.save_pattern(
            connection,
            pattern_name,
            content.pattern,
            format_name=content.format,
            device=content.device,
            tenant=content.tenant,
        )
        change = Change(action=f"{_KIND}.save", kind=_KIND, identifier=pattern_name, before=_state(before), after=_state(row))
        caller.note(connection, change)
    return TopicPattern.model_validate(row)


@router.delete(
    "/{pattern_name}", operation_id="delete_topic_pattern", status_code=204, responses=problem_responses(401, 403, 404, 412)
)
def delete_topic_pattern(caller: PlatformAdministrator, pattern_name: Name, if_match: IfMatch = None) -> None:
    """Remove a pattern; ingest ends its subscription."""
    with caller.transaction() as connection:
        before = topic_patterns.find_pattern(connection, pattern_name)
        check_known(if_match, None if before is None else before.changed_at)
        topic_patterns.delete_pattern(connection, pattern_name)
        caller.note(connection, Change(action=f"{_KIND}.delete", kind=_KIND, identifier=pattern_name, before=_state(before)))


def _check(content: PatternContent) -> None:
    format_named(content.format)
    pattern = Pattern(content.pattern, content.format, content.device, content.tenant)
    for channel in DOWNLINKS:
        if pattern.matches(own_topic("tenant", "device", channel)):
            raise InvalidInputError("pattern", f"{content.pattern!r} covers what we send to devices, such as {channel}")


def _check_organisation(connection: Connection, content: PatternContent) -> None:
    if content.tenant is not None and "{" not in content.tenant:
        try:
            find_organisation(connection, content.tenant)
        except NotFoundError as error:
            raise InvalidInputError("tenant", f"no organisation {content.tenant!r}") from error


def _state(row: StoredPattern | None) -> dict[str, str | None] | None:
    if row is None:
        return None
    return {"pattern": row.pattern, "format": row.format, "device": row.device, "tenant": row.tenant}
