"""What of a rule's facts a JSON column can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np


def storable(value: Any) -> Any:
    """The same value in the terms of JSON: what is not finite is null, moments are ISO 8601, sets are sorted lists."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | Sequence) and not isinstance(value, str | bytes):
        return [storable(part) for part in value]
    if isinstance(value, Set):
        return sorted(storable(part) for part in value)
    return str(value).replace("\x00", "")  # the one character that PostgreSQL's text cannot hold
