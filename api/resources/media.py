"""Media: photos, signatures and scans, named by the SHA-256 of their content."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Participant
from api.errors import problem_responses
from domain.errors import InvalidInputError, UnsupportedContentError
from domain.media import CONTENT_TYPES, content_type
from store import media
from store.audit import Change
from store.content import ContentStore, Intake

router = APIRouter(prefix="/media", tags=["media"])

_ACCEPTED: Final = (*CONTENT_TYPES, "application/octet-stream")
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The content itself. What it is, its own first bytes say, not what it is called.",
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in _ACCEPTED},
    }
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {name: {"schema": {"type": "string", "format": "binary"}} for name in CONTENT_TYPES}},
    **problem_responses(404),
}
_HARMLESS: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=31536000, immutable",
}

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", examples=["0" * 64])]


class Media(BaseModel):
    """Something that was kept."""

    model_config = ConfigDict(from_attributes=True)

    sha256: str = Field(description="Its name, of 64 hexadecimal digits.")
    content_type: str = Field(examples=["image/jpeg"])
    bytes: int
    stored_at: datetime
    stored_by: str


@router.post(
    "", operation_id="save_media", status_code=201, openapi_extra=_BODY, responses=problem_responses(403, 409, 413, 415, 422)
)
async def save_media(caller: Participant, request: Request) -> Media:
    """Keep a photo, a signature or a scan. The same content again is the same media."""
    intake = await run_in_threadpool(Intake, request.app.state.media_max_bytes)
    try:
        async for piece in request.stream():
            await run_in_threadpool(intake.add, piece)
        return await run_in_threadpool(_keep, caller, request.app.state.content, intake)
    finally:
        await run_in_threadpool(intake.discard)


@router.get("/{sha256}", operation_id="get_media", response_class=Response, responses=_ANSWERS)
def get_media(caller: Participant, request: Request, sha256: Sha256) -> Response:
    """The content."""
    with caller.transaction() as connection:
        found = media.media_named(connection, sha256)
    content: ContentStore = request.app.state.content
    headers = {**_HARMLESS, "content-length": str(found.bytes)}
    return StreamingResponse(content.read(sha256), media_type=found.content_type, headers=headers)


def _keep(caller: Access, content: ContentStore, intake: Intake) -> Media:
    digest, kind = intake.finish(), content_type(intake.head)
    if not intake.size:
        raise InvalidInputError("body", "is empty")
    if kind is None:
        raise UnsupportedContentError(f"only {', '.join(CONTENT_TYPES)} is kept")
    content.keep(digest, intake.path)
    with caller.transaction() as connection:
        if media.add_media(connection, caller.org_id, (digest, kind, intake.size), caller.actor):
            after = {"content_type": kind, "bytes": intake.size}
            caller.note(connection, Change(action="media.save", kind="media", identifier=digest, after=after))
        return Media.model_validate(media.media_named(connection, digest))
