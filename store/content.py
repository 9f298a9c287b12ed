"""Where the content of media is kept, each under its SHA-256: a folder, or a bucket that speaks S3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from domain.errors import NotFoundError, TooLargeError, UnavailableError
from domain.media import HEAD_BYTES

CHUNK_BYTES: Final = 64 * 1024


class ContentStore(Protocol):
    """Content by its SHA-256, 64 hexadecimal digits. Keeping what is kept already changes nothing."""

    def keep(self, digest: str, file: Path) -> None:
        """Keep a copy of `file`, whose SHA-256 is `digest`. Raises UnavailableError."""

    def read(self, digest: str) -> Iterator[bytes]:
        """The content in pieces. Raises NotFoundError and UnavailableError, both before the first piece."""


class FolderStore:
    """Content as files of a folder, 256 folders below it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, digest: str, file: Path) -> None:
        """Keep a copy of `file`; it is there whole or not at all, also after a power cut."""
        target = self._path(digest)
        if target.exists():
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as copy, file.open("rb") as source:
                for piece in iter(lambda: source.read(CHUNK_BYTES), b""):
                    copy.write(piece)
                copy.flush()
                os.fsync(copy.fileno())
            Path(copy.name).replace(target)
        except OSError as error:
            raise UnavailableError(f"cannot keep media: {error}") from error

    def read(self, digest: str) -> Iterator[bytes]:
        """The content in pieces."""
        try:
            file = self._path(digest).open("rb")
        except FileNotFoundError:
            raise NotFoundError("media", digest) from None
        except OSError as error:
            raise UnavailableError(f"cannot read media: {error}") from error

        def pieces() -> Iterator[bytes]:
            with file:
                yield from iter(lambda: file.read(CHUNK_BYTES), b"")

        return pieces()

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest


class Intake:
    """An upload while it comes in: written to a temporary file, counted and digested piece by piece."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._digest = sha256()
        self._file = tempfile.NamedTemporaryFile(prefix="beatwatch-media-", delete=False)  # noqa: SIM115
        self.path = Path(self._file.name)
        self.size = 0
        self.head = b""

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises TooLargeError as soon as it is too much."""
        self.size += len(piece)
        if self.size > self._most_bytes:
            raise TooLargeError(f"at most {self._most_bytes:,} bytes are kept")
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + piece)[:HEAD_BYTES]
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> str:
        """All of it is there; its SHA-256 in hexadecimal digits."""
        self._file.flush()
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Remove the temporary file."""
        self._file.close()
        self.path.unlink(missing_ok=True)
