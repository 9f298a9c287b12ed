"""Named SQL statements: each stands once, in a file of `store/sql/`, behind one typed method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_NAME_LINE = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)


@cache
def statements(aggregate: str) -> Mapping[str, LiteralString]:
    """The statements of `store/sql/{aggregate}.sql` by name. Each begins with a line `-- name: verb_noun`."""
    text = files("store").joinpath("sql", f"{aggregate}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME_LINE.split(text)
    # Our own package's files are as trusted as its literals.
    return {name: cast("LiteralString", body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)}
