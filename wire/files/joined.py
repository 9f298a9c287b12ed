"""Records of a JSON list, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO


def write_listed(lines: Iterable[bytes], file: TextIO) -> int:
    """Write a JSON list with one record a line; how many."""
    file.write("[")
    count = write_joined(lines, file)
    file.write("]\n")
    return count


def write_joined(lines: Iterable[bytes], file: TextIO) -> int:
    """Write lines with a comma between two, as they come; how many."""
    count = 0
    for line in lines:
        file.write(",\n" if count else "")
        file.write(line.decode())
        count += 1
    return count
