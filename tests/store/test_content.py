"""Content in a folder and in a bucket. The bucket is a real server that checks signatures, where one is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatwatch.services.ports import free_port
from domain.errors import NotFoundError, TooLargeError, UnavailableError
from domain.media import CONTENT_TYPES, content_type
from store.bucket import BucketAccess, BucketStore, signed_headers
from store.content import ContentStore, FolderStore, Intake
from tests.acceptance.programs import eventually

CONTENT = bytes(range(256)) * 1000
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture(scope="module", params=["rclone", "versitygw"])
def bucket(request: pytest.FixtureRequest) -> Iterator[BucketAccess]:
    """A bucket of a server that checks every signature: `rclone serve s3`, which comes with what tests need, or versitygw.

    The latter checks the content, too: `go install github.com/versity/versitygw/cmd/versitygw@latest`.
    """
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = os.environ.get(request.param.upper()) or shutil.which(request.param, path=here)
    if program is None:
        pytest.skip(f"no {request.param} on this machine; name one by {request.param.upper()}")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="beatwatch-bucket-") as folder:
        (Path(folder) / "beatwatch").mkdir()
        versity = ["--port", f"127.0.0.1:{port}", "--access", "key", "--secret", "its secret", "posix", folder]
        rclone = ["serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}", "--auth-key", "key,its secret", folder]
        command = [program, *(versity if request.param == "versitygw" else rclone)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}/beatwatch"
            eventually(lambda: _answers(url), 30)
            yield BucketAccess(url, "us-east-1", "key", "its secret")
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code > 0
    except httpx.TransportError:
        return False


def test_a_folder_keeps_content_whole_and_once(tmp_path: Path, file: Path) -> None:
    keeps_and_reads(FolderStore(tmp_path / "media"), file)
    kept = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [DIGEST]


@pytest.mark.server
def test_a_bucket_keeps_content_whole_and_once(bucket: BucketAccess, file: Path) -> None:
    store = BucketStore(bucket)
    keeps_and_reads(store, file)
    store.close()


@pytest.mark.server
def test_a_wrong_secret_is_refused(bucket: BucketAccess, file: Path) -> None:
    store = BucketStore(BucketAccess(bucket.url, bucket.region, bucket.key_id, "another secret"))
    with pytest.raises(UnavailableError, match="403"):
        store.keep(DIGEST, file)
    store.close()


@pytest.mark.server
@pytest.mark.parametrize("bucket", ["versitygw"], indirect=True)  # it compares the content with what was signed
def test_wrong_content_is_refused(bucket: BucketAccess, file: Path) -> None:
    store = BucketStore(bucket)
    with pytest.raises(UnavailableError, match="400"):
        store.keep("0" * 64, file)
    store.close()


def test_a_bucket_that_is_away_is_unavailable(file: Path) -> None:
    store = BucketStore(BucketAccess(f"http://127.0.0.1:{free_port()}/beatwatch", "us-east-1", "key", "secret"))
    for act in (lambda: store.keep(DIGEST, file), lambda: store.read(DIGEST)):
        with pytest.raises(UnavailableError, match="does not answer"):
            act()


def keeps_and_reads(store: ContentStore, file: Path) -> None:
    with pytest.raises(NotFoundError):
        store.read(DIGEST)
    for _ in range(2):
        store.keep(DIGEST, file)
    assert b"".join(store.read(DIGEST)) == CONTENT


def test_the_signature_is_that_of_the_published_example() -> None:
    """GET Bucket Lifecycle in "Authenticating Requests: Using the Authorization Header", Amazon S3 API reference."""
    access = BucketAccess("", "us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    url = "https://examplebucket.s3.amazonaws.com/?lifecycle="
    headers = signed_headers(access, "GET", url, sha256(b"").hexdigest(), datetime(2013, 5, 24, tzinfo=UTC))
    expected = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    assert headers["authorization"].endswith(f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={expected}")


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_an_intake_digests_what_comes_in_pieces(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    intake = Intake(most_bytes=500)
    try:
        if len(whole) > 500:
            with pytest.raises(TooLargeError):
                feed(intake, pieces)
            return
        feed(intake, pieces)
        assert intake.finish() == sha256(whole).hexdigest()
        assert (intake.size, intake.head, intake.path.read_bytes()) == (len(whole), whole[:12], whole)
    finally:
        intake.discard()
    assert not intake.path.exists()


def feed(intake: Intake, pieces: list[bytes]) -> None:
    for piece in pieces:
        intake.add(piece)


@given(st.binary(max_size=40))
def test_only_what_is_known_by_its_first_bytes_has_a_type(head: bytes) -> None:
    assert content_type(head) in {None, *CONTENT_TYPES}
    assert content_type(b"<svg" + head) is None
