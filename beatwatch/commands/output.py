"""Where a command writes to: a file that somebody named, or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from domain.errors import InvalidInputError


@contextmanager
def writing(path: Path | None) -> Iterator[TextIO]:
    """The file to write, in its place once the work is done and as it was if that fails; standard output if there is none.

    Raises InvalidInputError if it cannot be written: a command opens it before it begins what takes long.
    """
    if path is None:
        yield sys.stdout
        return
    whole = path.exists() and not path.is_file()  # a pipe or device takes what comes
    part = path if whole else path.with_name(f"{path.name}.part")
    try:
        file = part.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(str(path), error.strerror or str(error)) from error
    try:
        with file:
            yield file
        if not whole:
            part.replace(path)
    except BaseException:
        if not whole:
            part.unlink(missing_ok=True)
        raise
