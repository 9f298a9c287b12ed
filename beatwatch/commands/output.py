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
    """The file to write, gone again if the work fails; standard output if there is none.

    Raises InvalidInputError if it cannot be opened: a command opens it before it begins what takes long.
    """
    if path is None:
        yield sys.stdout
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(str(path), error.strerror or str(error)) from error
    try:
        with file:
            yield file
    except BaseException:
        if path.is_file():  # and no pipe or device
            path.unlink()
        raise
