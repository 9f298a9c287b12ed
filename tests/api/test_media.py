from __future__ import annotations

from hashlib import sha256

import httpx
import pytest

from tests.api.yard import Yard

pytestmark = pytest.mark.server
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def test_what_is_kept_comes_back_by_its_digest(client: httpx.Client) -> None:
    answer = client.post("/media", content=PNG, headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["sha256"]) == (201, sha256(PNG).hexdigest())
    assert (answer.json()["content_type"], answer.json()["bytes"]) == ("image/png", len(PNG))
    back = client.get(f"/media/{sha256(PNG).hexdigest()}")
    assert back.content == PNG
    assert back.headers["content-type"] == "image/png"
    assert back.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert back.headers["x-content-type-options"] == "nosniff"


def test_the_same_again_is_the_same_media(client: httpx.Client, yard: Yard) -> None:
    first, second = client.post("/media", content=PNG), client.post("/media", content=PNG)
    assert first.json() == second.json()
    assert yard.owner.execute("SELECT count(*) FROM audit WHERE action = 'media.save'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"<svg onload=alert(1)>", 415),
        (b"RIFF1234WAVEfmt ", 415),
        (b"\x89PNG\r\n\x1a\n" + bytes(100_000), 413),
    ],
)
def test_what_cannot_be_kept_is_refused(client: httpx.Client, content: bytes, status: int) -> None:
    answer = client.post("/media", content=content, headers={"content-type": "image/png"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"/media/{sha256(content).hexdigest()}").status_code == 404


def test_too_much_is_refused_while_it_still_comes(client: httpx.Client) -> None:
    def endless() -> object:
        yield b"\xff\xd8\xff"
        for _ in range(10_000):
            yield bytes(64 * 1024)

    try:
        answer = client.post("/media", content=endless())  # type: ignore[arg-type]
    except httpx.WriteError:
        return  # the server closed the door before all of it was sent
    assert answer.status_code == 413
