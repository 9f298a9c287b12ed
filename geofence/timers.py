"""When something is to happen although nothing is heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

FAR_FUTURE_US: Final = 2**62
Other = TypeVar("Other")


class Timers(dict[str, int]):
    """Moments in microseconds by name. The earliest, `due_us`, is asked for before each fact, so it is kept, not looked for."""

    __slots__ = ("due_us",)

    def __init__(self, timers: Mapping[str, int] | None = None) -> None:
        super().__init__(timers or {})
        self.due_us = min(self.values(), default=FAR_FUTURE_US)

    def __setitem__(self, name: str, at_us: int) -> None:
        was_us = self.get(name)
        super().__setitem__(name, at_us)
        if at_us <= self.due_us:
            self.due_us = at_us
        else:
            self._gone(was_us)

    def __delitem__(self, name: str) -> None:
        self._gone(super().pop(name))

    def pop(self, name: str, default: Other) -> int | Other:  # type: ignore[override]  # nobody takes one without a default
        """Take a timer away."""
        if name not in self:
            return default
        was_us = super().pop(name)
        self._gone(was_us)
        return was_us

    def setdefault(self, name: str, at_us: int) -> int:
        """Set a timer unless it is set."""
        if name not in self:
            self[name] = at_us
        return self[name]

    def _gone(self, was_us: object) -> None:
        """A moment is no longer that of its timer: if it was the earliest, find the next."""
        if was_us == self.due_us:
            self.due_us = min(self.values(), default=FAR_FUTURE_US)
