"""Who reads does not notice that the schema was migrated meanwhile: what it asked is asked once more."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HARMLESS: Final = {"GET", "HEAD"}
MIGRATED: Final = "schema_was_migrated"


class AskedAgain:
    """ASGI middleware. Where something may have been changed already, who asked is told to ask again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let go of an answer that only says that the schema was migrated, and ask for another (ASGI)."""
        if scope["type"] != "http" or scope["method"] not in HARMLESS:
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        again = {**scope, "state": dict(state)}

        async def send_unless_migrated(message: Message) -> None:
            if MIGRATED not in state:
                await send(message)

        await self._app(scope, receive, send_unless_migrated)  # as it came: what is found out about it is for all to see
        if MIGRATED in state:
            await self._app(again, receive, send)
