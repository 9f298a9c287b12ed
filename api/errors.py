"""Every refusal as an RFC 9457 problem document, mapped in this one place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.asked_again import MIGRATED
from api.body_examples import describe_bodies
from domain.errors import (
    BeatwatchError,
    ConflictError,
    CreditError,
    DecodeError,
    InvalidInputError,
    MigratedError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    OutdatedError,
    TooLargeError,
    TooManyRequestsError,
    TransitionError,
    UnavailableError,
    UnsupportedContentError,
)

_log = structlog.get_logger("api")

DrawRefusal = Callable[[Request, HTTPStatus, str], Response | None]
"""A page for people that says what was refused and why; None where there is nothing to draw it with."""

MEDIA_TYPE: Final = "application/problem+json"
_STATUS: Final[Mapping[type[BeatwatchError], int]] = {
    InvalidInputError: 422,
    DecodeError: 422,
    NotSignedInError: 401,
    NotAllowedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    UnsupportedContentError: 415,
    OutdatedError: 412,
    TooManyRequestsError: 429,
    UnavailableError: 503,
}


_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of one's own: the same request repeated with it is done once, and answered as the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


class InvalidField(BaseModel):
    """One value that breaks a rule."""

    field: str = Field(examples=["query.limit"])
    detail: str = Field(examples=["Input should be less than or equal to 1000"])


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable, `detail` is for a person."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["no vehicle 'van-7'"])
    errors: list[InvalidField] | None = None
    allowed: list[str] | None = Field(None, description="States that may follow, where a transition was refused.")
    credit: dict[str, float] | None = Field(None, description="Where an outlet stands, when an order goes beyond its limit.")


_BLANK_ZONE: Final = re.compile(r"\d \d\d:?\d\d$")
_PATTERNS: Final = {
    r"^[^\x00]+$": "must not be empty, and must not hold the character 0",
    r"^[^\x00]*$": "must not hold the character 0",
    "^[0-9a-f]{64}$": "must be a SHA-256 in 64 lower-case hexadecimal digits",
    r"^[^\x00-\x1f/]*[^\x00-\x1f/\s][^\x00-\x1f/]*$": "must hold more than blanks, and no slash or control character",
    r"^[^\sA-Z\x00]+$": "must hold no blanks and no capital letters",
    "^(otp|signature|photo|scan)$": "must be otp, signature, photo or scan",
    "^[A-Z]{3}$": "must be three capital letters, such as INR",
    "^[a-z0-9][a-z0-9_-]{0,62}$": "must be lower-case letters, digits, - and _, at most 63, and begin with a letter or digit",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation may refuse with, for its description."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def answer_problems(app: FastAPI) -> None:
    """Make every error of `app` a problem document, and say so in its description."""
    described = app.openapi
    app.openapi = lambda: _with_problems(described())  # type: ignore[method-assign]  # the way FastAPI documents
    app.add_exception_handler(BeatwatchError, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operations in document.get("paths", {}).values():
        if "post" in operations:
            _describe_key(operations["post"])
    describe_bodies(document)
    return document


def _describe_key(operation: dict[str, Any]) -> None:
    """Every POST may carry an idempotency key, and be refused for it."""
    parameters = operation.setdefault("parameters", [])
    if not any(one["name"] == _KEY["name"] for one in parameters):
        parameters.append(_KEY)
    for status, response in problem_responses(409, 413).items():
        operation["responses"].setdefault(str(status), response)


def _answer(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, **more)
    return JSONResponse(problem.model_dump(exclude_none=True), status, media_type=MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BeatwatchError)
    if isinstance(error, MigratedError):
        setattr(request.state, MIGRATED, True)
    if isinstance(error, NotSignedInError) and wants_page(request):
        return RedirectResponse(_door(_came_from(request)), status_code=303)
    answer = refusal(error)
    if isinstance(error, NotSignedInError) and "hx-current-url" in request.headers:  # a page that refreshes parts of itself
        there = urlsplit(request.headers["hx-current-url"])
        answer.headers["hx-redirect"] = _door(f"{there.path}?{there.query}" if there.query else there.path)
    return _shown(request, answer, str(error))


def _door(then: str) -> str:
    """Where one signs in, and from there goes on."""
    return f"/sign-in?{urlencode({'then': then})}"


def _came_from(request: Request) -> str:
    """The page somebody looks at: the one asked for, or that of the form which was sent."""
    if request.method == "GET":
        return _asked_for(request)
    there = urlsplit(request.headers.get("referer", ""))
    return f"{there.path}?{there.query}" if there.query else there.path or "/"


def wants_page(request: Request) -> bool:
    """Whether somebody looks at the answer in a browser."""
    return "text/html" in request.headers.get("accept", "")


def _shown(request: Request, answer: JSONResponse, detail: str) -> Response:
    """The answer, or a page that says the same where somebody looks and there is one."""
    draw: DrawRefusal | None = getattr(request.app.state, "draw_refusal", None)
    page = draw(request, HTTPStatus(answer.status_code), detail) if draw and wants_page(request) else None
    return page or answer


def refusal(error: BeatwatchError) -> JSONResponse:
    """What is answered to who asked for what cannot be."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    errors = [InvalidField(field=error.field, detail=error.detail)] if isinstance(error, InvalidInputError) else None
    allowed = list(error.allowed) if isinstance(error, TransitionError) else None
    credit = error.credit if isinstance(error, CreditError) else None
    response = _answer(status, error.code, str(error), errors=errors, allowed=allowed, credit=credit)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = "2"
    if isinstance(error, TooManyRequestsError):
        response.headers["retry-after"] = str(math.ceil(error.wait_s))
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _asked_for(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [InvalidField(field=".".join(map(str, one["loc"])), detail=in_words(one)) for one in error.errors()]
    detail = f"{errors[0].field}: {errors[0].detail}"
    return _shown(request, _answer(422, "invalid_input", detail, errors=errors), detail)


def in_words(one: Mapping[str, Any]) -> str:
    """What pydantic says of a value, where it is clear to somebody who does not read patterns."""
    if one["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(one["ctx"]["pattern"], str(one["msg"]))
    if one["loc"][0] == "query" and "datetime" in one["type"] and _BLANK_ZONE.search(str(one.get("input"))):
        return "has a blank before its zone: in an address a + is written %2B"
    if one["type"] == "value_error":
        return str(one["msg"]).removeprefix("Value error, ")  # that is how pydantic calls a sentence of ours
    reason = one.get("ctx", {}).get("error") if one["type"] == "json_invalid" else None
    return f"{one['msg']}: {reason}" if reason else str(one["msg"])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = TooLargeError.code if status == _STATUS[TooLargeError] else status.phrase.lower().replace(" ", "_")
    response = _answer(error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return _shown(request, response, str(error.detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("unexpected error", path=request.url.path, exc_info=error)
    return _answer(500, "internal", "an unexpected error; it has been logged")
