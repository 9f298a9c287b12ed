"""Whether the service lives and serves, and its figures."""

from __future__ import annotations

import time
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, CollectorRegistry
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_responses
from store import journal
from store.pool import transaction

router = APIRouter(tags=["service"])

_SECONDS: Final = Histogram(
    "beatwatch_api_request_seconds",
    "Time to the first byte of the answer",
    ["operation", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


class Health(BaseModel):
    """How the service is."""

    status: str = "ok"


@router.get("/healthz", operation_id="get_health")
async def get_health() -> Health:
    """The process lives."""
    return Health()


@router.get("/readyz", operation_id="get_readiness", responses=problem_responses(503))
def get_readiness(request: Request) -> Health:
    """The database answers and its schema is there."""
    with transaction(request.app.state.pool) as connection:
        journal.mark(connection)
    return Health()


@router.get("/metrics", operation_id="get_metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def get_metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    streams = GaugeMetricFamily("beatwatch_api_live_streams", "Open live streams", value=request.app.state.hub.subscribers)
    registry = CollectorRegistry()
    registry.register(_Once(streams))
    return Response(generate_latest(REGISTRY) + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Once:
    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> list[GaugeMetricFamily]:
        return [self._family]


class TimeRequests:
    """Observes every request under its operation's name, never under a path that a caller made up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and watch for the start of the answer (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                operation = getattr(scope.get("endpoint"), "__name__", "none")
                _SECONDS.labels(operation, message["status"]).observe(time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, watched)


def time_requests(app: FastAPI) -> None:
    """Observe the requests of `app`."""
    app.add_middleware(TimeRequests)
