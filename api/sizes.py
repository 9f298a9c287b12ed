"""No request is read further than its largest size: what is larger is refused before anything is made of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import refusal
from domain.errors import TooLargeError

LARGEST_BODY: Final = 32 * 2**20


class Bounded:
    """ASGI middleware that refuses bodies of more than `largest` bytes, told beforehand or found while reading."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told) > self._largest:
            await refusal(TooLargeError(self._detail))(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._largest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._detail)
            return message

        await self._app(scope, bounded, send)

    @property
    def _detail(self) -> str:
        return f"a request has at most {self._largest:,} bytes"
