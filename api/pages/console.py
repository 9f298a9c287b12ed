"""The console as a whole: the live map, the description of the API, and the files that pages are drawn with."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.pages.drawing import Shelf, draw_refusal, page

router = APIRouter(include_in_schema=False)

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".svg": "image/svg+xml"}


@router.get("/")
def live_map(request: Request, _caller: Caller) -> HTMLResponse:
    """The live map."""
    return page(request, "live.html", live=True)


@router.get("/docs")
def api_documentation(request: Request) -> HTMLResponse:
    """The API's description, to read and to try."""
    return page(request, "docs.html")


@router.get("/static/{digest}/{name:path}")
def static_file(request: Request, digest: str, name: str) -> Response:
    """A file that pages are drawn with; kept by browsers for ever under the present digest, and not at all under an old one."""
    shelf: Shelf = request.app.state.shelf
    file = shelf.file(name)
    keep = _FOR_EVER if digest == shelf.digest else "no-cache"
    return FileResponse(file, media_type=_TYPES.get(file.suffix), headers={"cache-control": keep})


class OnlyOurHost:
    """Adds a Content-Security-Policy to every answer that does not have one: nothing from any other host, no inline script."""

    def __init__(self, app: ASGIApp, tile_host: str) -> None:
        images = f"'self' data: blob: {tile_host}".strip()
        self._policy = (
            f"default-src 'self'; img-src {images}; connect-src 'self' {tile_host}; style-src 'self' 'unsafe-inline'; "
            "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name == b"content-security-policy" for name, _ in headers):
                    headers.append((b"content-security-policy", self._policy.encode()))
                headers += [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, guarded)


def serve_pages(app: FastAPI, tile_url: str) -> None:
    """Add the console to `app`. Only the host of `tile_url`, if there is one, is allowed beside ours."""
    app.state.shelf = Shelf(tile_url)
    app.state.draw_refusal = draw_refusal
    app.include_router(router)
    app.add_middleware(OnlyOurHost, tile_host=_host(tile_url))


def _host(tile_url: str) -> str:
    scheme, _, rest = tile_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else ""
