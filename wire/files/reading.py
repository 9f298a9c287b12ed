"""Opening the files that people hand us: plain or gzipped, with or without a byte order mark."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from domain.errors import InvalidInputError, NotFoundError

_GZIP_MAGIC: Final = b"\x1f\x8b"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What is refused in the file at `path` says that it was in this file."""
    try:
        yield
    except InvalidInputError as error:
        if error.field.startswith(str(path)):
            raise
        raise InvalidInputError(f"{path}, {error.field}", error.detail) from error


def open_bytes(path: Path) -> IO[bytes]:
    """The file's content, unzipped where its first bytes say so; `NotFoundError` or `InvalidInputError` if unreadable."""
    try:
        with path.open("rb") as file:
            zipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        return cast("IO[bytes]", gzip.open(path)) if zipped else path.open("rb")
    except FileNotFoundError:
        raise NotFoundError("file", str(path)) from None
    except OSError as error:
        raise InvalidInputError(str(path), error.strerror or str(error)) from error


def read_bytes(path: Path) -> bytes:
    """All of the file, unzipped; errors as `open_bytes`."""
    with open_bytes(path) as file:
        try:
            return file.read()
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInputError(str(path), f"cannot be unzipped: {error}") from error


def read_lines(path: Path) -> Iterator[str]:
    """The file's lines of UTF-8 text with their ends, one at a time; errors as `open_bytes`."""
    with open_bytes(path) as file:
        try:
            for number, line in enumerate(file):
                yield line.decode("utf-8-sig" if number == 0 else "utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{path}, line {number + 1}", "is not UTF-8 text") from error
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInputError(str(path), f"cannot be unzipped: {error}") from error
