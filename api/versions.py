"""Entity tags: two people who edit the same record do not overwrite each other unawares (RFC 9110, If-Match)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Header

from domain.errors import OutdatedError

IfMatch = Annotated[
    str | None,
    Header(max_length=200, description="Change it only if its ETag is still this one; otherwise 412.", examples=['"3"']),
]


def tag(revision: int | datetime) -> str:
    """The ETag of a revision, or, where changes are not counted, of when it was changed."""
    return f'"{revision if isinstance(revision, int) else round(1e6 * revision.timestamp())}"'


def check_unchanged(if_match: str | None, revision: int | datetime) -> None:
    """Raise OutdatedError when the caller has read another revision than the present one."""
    if if_match is None:
        return
    named = {one.strip() for one in if_match.split(",")}
    if "*" not in named and tag(revision) not in named:
        raise OutdatedError(f"it was changed since you read it: its ETag is {tag(revision)} now")


def check_known(if_match: str | None, revision: int | datetime | None) -> None:
    """`check_unchanged` for what a PUT may make: what is not there, or no longer, is not what the caller has read."""
    if if_match is not None and revision is None:
        raise OutdatedError("there is none any more")
    if revision is not None:
        check_unchanged(if_match, revision)
