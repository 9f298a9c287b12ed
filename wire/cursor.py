"""Reading big-endian numbers one after another, never beyond the end."""

from __future__ import annotations

from domain.errors import DecodeError


class Cursor:
    """A place in some bytes. Every read moves it, and running out of bytes is a `DecodeError`."""

    __slots__ = ("_bytes", "at")

    def __init__(self, content: bytes) -> None:
        self._bytes = content
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._bytes) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.at + count
        if count < 0 or end > len(self._bytes):
            raise DecodeError("truncated", f"{count} bytes are wanted at {self.at} of {len(self._bytes)}")
        taken = self._bytes[self.at : end]
        self.at = end
        return taken

    def unsigned(self, count: int) -> int:
        """The next bytes as an unsigned number."""
        return int.from_bytes(self.take(count), "big")

    def signed(self, count: int) -> int:
        """The next bytes as a two's complement number."""
        return int.from_bytes(self.take(count), "big", signed=True)
