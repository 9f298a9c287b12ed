"""Values that files and payloads must carry unchanged."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from wire.instants import EPOCH

T = TypeVar("T")

moments = st.integers(0, 4_102_444_800_000_000).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))
names = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(0, 1e9)
longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """The strategy's values, or none."""
    return st.none() | strategy


def records(make: Callable[..., T], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Records with these fields drawn and all others left at their defaults."""
    return st.fixed_dictionaries(fields).map(lambda drawn: make(**drawn))
