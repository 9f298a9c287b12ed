"""Content in a bucket that speaks S3, by plain requests with AWS's Signature Version 4.

Source: AWS, "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from domain.errors import NotFoundError, UnavailableError
from store.content import CHUNK_BYTES

_EMPTY: Final = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """Where the bucket is, such as https://s3.example.org/beatwatch, and the key to it."""

    url: str
    region: str
    key_id: str
    secret: str


def signed_headers(access: BucketAccess, method: str, url: str, content_sha256: str, now: datetime) -> dict[str, str]:
    """The headers that make a request ours. Its query is as it is signed: sorted, with =."""
    parts = urlsplit(url)
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-amz-content-sha256": content_sha256, "x-amz-date": moment}
    names = ";".join(headers)
    told = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join([method, parts.path, parts.query, told, names, content_sha256])
    scope = f"{moment[:8]}/{access.region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, sha256(request.encode()).hexdigest()])
    key = f"AWS4{access.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={access.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": credential}


class BucketStore:
    """Content as objects of a bucket."""

    def __init__(self, access: BucketAccess, *, timeout_s: float = 30.0) -> None:
        self._access = access
        self._client = httpx.Client(timeout=timeout_s)

    def keep(self, digest: str, file: Path) -> None:
        """Put an object; its SHA-256 is signed, and many servers check it."""
        size = {"content-length": str(file.stat().st_size)}
        with file.open("rb") as source:
            pieces = iter(lambda: source.read(CHUNK_BYTES), b"")
            self._answer("PUT", digest, digest, size, pieces).close()

    def read(self, digest: str) -> Iterator[bytes]:
        """The content in pieces."""
        answer = self._answer("GET", digest, _EMPTY)

        def pieces() -> Iterator[bytes]:
            with closing(answer):
                yield from answer.iter_bytes(CHUNK_BYTES)

        return pieces()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _answer(
        self,
        method: str,
        digest: str,
        content_sha256: str,
        headers: Mapping[str, str] | None = None,
        content: Iterator[bytes] | None = None,
    ) -> httpx.Response:
        """A good answer, its body not read yet. Raises NotFoundError and UnavailableError."""
        url = f"{self._access.url.rstrip('/')}/{quote(digest)}"
        signed = signed_headers(self._access, method, url, content_sha256, datetime.now(UTC))
        request = self._client.build_request(method, url, headers={**(headers or {}), **signed}, content=content)
        try:
            answer = self._client.send(request, stream=True)
            if not answer.is_error:
                return answer
            said = answer.read().decode(errors="replace")[:200]
        except httpx.HTTPError as error:
            raise UnavailableError(f"the media store does not answer: {error}") from error
        if answer.status_code == HTTPStatus.NOT_FOUND and method == "GET":
            raise NotFoundError("media", digest)
        raise UnavailableError(f"the media store answers {answer.status_code}: {said}")
