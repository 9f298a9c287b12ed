"""Statements of a benchmark, from the file of SQL beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_NAME_LINE = re.compile(r"^-- name: (.+)$", re.MULTILINE)


def statements(name: str) -> dict[str, bytes]:
    """The statements of `benchmarks/{name}.sql` by name."""
    _, *parts = _NAME_LINE.split(Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8"))
    return {title.strip(): body.strip().encode() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def filled(statement: bytes, words: Mapping[str, object]) -> bytes:
    """The statement with each `:word` replaced; benchmarks fill in what they made themselves."""
    for word, value in words.items():
        statement = re.sub(rb":" + word.encode() + rb"\b", str(value).encode(), statement)
    return statement
