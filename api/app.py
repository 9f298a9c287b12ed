"""The API and the console as one application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from api import service
from api.access import Gate
from api.asked_again import AskedAgain
from api.description import describe
from api.errors import answer_problems, problem_responses
from api.idempotency import DoneOnce
from api.limits import NO_LIMIT, Limits, Rate
from api.live.hub import Hub
from api.pages.console import serve_pages
from api.routers import ROUTERS
from api.settling import SettlementJudge
from api.sizes import LARGEST_BODY, Bounded
from api.webhooks.courier import LOG_DAYS, Courier
from store.content import ContentStore, FolderStore
from store.organisations import organisation_id
from store.pool import Role, open_pool

POOL_SIZE: Final = 12
MEDIA_MAX_BYTES: Final = 8 * 1024 * 1024
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_DESCRIPTION: Final = """
Vehicles, trips, events and alerts of fast-moving goods on their last leg. Units are SI and in the names, times are UTC,
longitude comes before latitude in arrays, null means that nobody said so. Lists come in pages: give `next_cursor` as `cursor`.
What is refused is a problem document (RFC 9457).
"""


def create_app(
    database_url: str,
    *,
    organisation: str = "default",
    tile_url: str = "",
    sign_in: bool = False,
    link_secret: str = "",
    push_key: str = "",
    content: ContentStore | None = None,
    settlement_judge: SettlementJudge | None = None,
    media_max_bytes: int = MEDIA_MAX_BYTES,
    rate: Rate = NO_LIMIT,
    webhooks_to_private: bool = False,
    webhook_log_days: int = LOG_DAYS,
    otp_webhook_url: str = "",
) -> FastAPI:
    """The application over the database at `database_url`.

    With `sign_in`, people have to; otherwise whoever reaches it acts for `organisation`. `link_secret` is the key of the
    links in messages, by which alerts are answered without signing in; with `push_key` browsers subscribe to pushes. `content`
    keeps what media hold, without it a folder of the state does. `rate` is what one caller may ask. With `webhooks_to_private`
    news may be posted into networks that are not public; what was told is kept for `webhook_log_days`. One-time passwords for
    customers go to `otp_webhook_url`, which sends them as text messages.

    Starting it raises UnavailableError when the database cannot be reached and NotFoundError when that organisation is missing.
    """
    app = _described(_lifespan(database_url, None if sign_in else organisation))
    app.state.settlement_judge = settlement_judge
    app.state.content = content or FolderStore(Path(".beatwatch", "media"))
    app.state.media_max_bytes = media_max_bytes
    app.state.webhooks_to_private = webhooks_to_private
    app.state.webhook_log_days = webhook_log_days
    app.state.otp_webhook_url = otp_webhook_url
    app.state.limits = Limits(rate)
    app.state.link_secret = link_secret
    app.state.push_key = push_key
    serve_pages(app, tile_url)
    app.add_middleware(AskedAgain)
    app.add_middleware(DoneOnce)
    app.add_middleware(Bounded, largest=max(LARGEST_BODY, media_max_bytes))
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    service.time_requests(app)
    return app


def _described(lifespan: Lifespan) -> FastAPI:
    """Every operation, and how it refuses."""
    app = FastAPI(
        title="Beatwatch",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problem_responses(400, 401, 403, 422, 429, 503),
    )
    answer_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def _lifespan(database_url: str, open_for: str | None) -> Lifespan:
    """Opens what requests need, and closes it; `open_for` is the organisation for which everybody acts, if any."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await run_in_threadpool(open_pool, database_url, Role.api, max_size=POOL_SIZE)
        org_id = None if open_for is None else await run_in_threadpool(organisation_id, database_url, open_for)
        app.state.gate = Gate(app.state.pool, org_id)
        app.state.hub = Hub(database_url, app.state.pool)
        app.state.hub.start()
        courier = Courier(database_url, allow_private=app.state.webhooks_to_private, log_days=app.state.webhook_log_days)
        courier.start()
        yield
        await run_in_threadpool(courier.stop)
        await run_in_threadpool(app.state.hub.stop)
        await run_in_threadpool(app.state.pool.close)

    return running
