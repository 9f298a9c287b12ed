"""The description of the API, made once and not where requests are taken: writing it down takes seconds."""

from __future__ import annotations

import json
from threading import Lock

from fastapi import FastAPI
from fastapi.responses import Response


class Description:
    """`/openapi.json` of an application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._making = Lock()
        self._made: bytes | None = None

    def __call__(self) -> Response:
        """The document; whoever asks first waits for it, and nobody else."""
        with self._making:
            if self._made is None:
                self._made = json.dumps(self._app.openapi(), separators=(",", ":")).encode()
        return Response(self._made, media_type="application/json")


def describe(app: FastAPI) -> None:
    """Let `app` answer with its description, from a thread."""
    app.add_api_route("/openapi.json", Description(app).__call__, methods=["GET"], include_in_schema=False)
