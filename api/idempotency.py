"""A POST with an `Idempotency-Key` is done once: whoever repeats it gets the first answer again.

That it was done is written in the transaction that does it, so that a crash between doing and answering cannot make it happen
twice. Only answers of 2xx are kept: what was refused changed nothing and may be tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import CLAIM, Gate, token_of
from api.errors import refusal
from domain.errors import BeatwatchError, ConflictError, InvalidInputError, NotSignedInError, TooLargeError, UnderWayError
from store import idempotency
from store.idempotency import Claim, Earlier
from store.pool import organisation_transaction

_log = structlog.get_logger("api")

HEADER: Final = "idempotency-key"
LONGEST_KEY: Final = 200
LARGEST_REQUEST: Final = 16 * 2**20
LARGEST_ANSWER: Final = 2**20
_KEPT: Final = ("content-type", "etag", "location")


class DoneOnce:
    """ASGI middleware for POST requests that carry a key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what has no key or comes from nobody; do the rest once (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "POST" or HEADER not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await _body(request)
            claim = await run_in_threadpool(_claim, request)
            earlier = None if claim is None else await run_in_threadpool(_begin, request, claim, body)
        except BeatwatchError as error:
            await refusal(error)(scope, receive, send)
            return
        if earlier is not None:
            await _send_again(send, earlier)
        elif claim is None:
            await self._app(scope, _again(body, receive), send)
        else:
            scope.setdefault("state", {})[CLAIM] = claim
            await self._do(request, claim, _again(body, receive), send)

    async def _do(self, request: Request, claim: Claim, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        try:
            await self._app(request.scope, receive, answer.send)
        finally:
            await run_in_threadpool(_finish, request, claim, answer)
        await answer.let_go()


class _Answer:
    """An answer that is held back until it is kept, so that who has it and asks again finds it; a large one flows."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self.is_kept = True
        self.status = 500
        self.headers: Mapping[str, str] = {}
        self.body = b""

    async def send(self, message: Message) -> None:
        """Hold it back, or send it on (ASGI)."""
        self._held.append(message)
        if message["type"] == "http.response.start":
            headers = Headers(raw=list(message["headers"]))
            self.status = message["status"]
            self.headers = {name: headers[name] for name in _KEPT if name in headers}
            self.is_kept = "no-store" not in headers.get("cache-control", "")  # else it holds a secret
        elif self.is_kept:
            self.body += message.get("body", b"")
            self.is_kept = len(self.body) <= LARGEST_ANSWER
        if not self.is_kept:
            await self.let_go()

    async def let_go(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            raise TooLargeError(f"with an idempotency key a request has at most {LARGEST_REQUEST} bytes")
    return bytes(body)


def _claim(request: Request) -> Claim | None:
    key = request.headers[HEADER].strip()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInputError(f"header.{HEADER}", f"has 1 to {LONGEST_KEY} printable characters")
    gate: Gate = request.app.state.gate
    try:
        caller = gate.holder(token_of(request))
    except NotSignedInError:
        return None
    return Claim(caller.org_id, caller.actor, key)


def _begin(request: Request, claim: Claim, body: bytes) -> Earlier | None:
    asked = (request.url.path, request.url.query, request.headers.get("beatwatch-organisation", ""))
    digest = hashlib.sha256("\0".join(asked).encode() + b"\0" + body).digest()
    gate: Gate = request.app.state.gate
    with organisation_transaction(gate.pool, claim.org_id) as connection:
        earlier = idempotency.begin(connection, claim, digest)
    if earlier is None:
        return None
    if bytes(earlier.digest) != digest:
        raise ConflictError(f"the idempotency key {claim.key!r} was used for another request")
    if not earlier.is_done:
        raise UnderWayError("the same request is under way; try again in a while")
    if earlier.status is None:
        raise ConflictError("this was done before, but its answer was not kept: read what it made")
    return earlier


def _finish(request: Request, claim: Claim, answer: _Answer) -> None:
    try:
        _settle(request, claim, answer)
    except BeatwatchError as error:  # who repeats the request is told that it was done
        _log.warning("answer not kept", error=str(error))


def _settle(request: Request, claim: Claim, answer: _Answer) -> None:
    gate: Gate = request.app.state.gate
    with organisation_transaction(gate.pool, claim.org_id) as connection:
        if 200 <= answer.status < 300 and answer.is_kept:
            idempotency.keep_answer(connection, claim, answer.status, answer.headers, answer.body)
        else:
            idempotency.give_up(connection, claim)


async def _send_again(send: Send, earlier: Earlier) -> None:
    headers = [(name.encode(), value.encode()) for name, value in (earlier.headers or {}).items()]
    headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": earlier.status, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(earlier.body or b"")})


def _again(body: bytes, receive: Receive) -> Receive:
    """The request's body once more, for who comes after us."""
    is_read = False

    async def read() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return read
