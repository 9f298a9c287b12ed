"""A JSON value that knows its path, so that a refusal can say exactly where: `stops.3.window_end`."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar, cast

import msgspec

from domain.errors import InvalidInputError
from wire.instants import parse_instant

E = TypeVar("E", bound=StrEnum)


class Node:
    """One value of a parsed document. The plain getters demand a value; those named `maybe_` give `None` for absent or null."""

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    def refuse(self, detail: str) -> InvalidInputError:
        """The error that says what is wrong with this value."""
        return InvalidInputError(self.path or "document", detail)

    def has(self, key: str) -> bool:
        """Whether the object has a value other than null there."""
        return self.mapping().get(key) is not None

    def mapping(self) -> dict[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            raise self.refuse("must be an object")
        return cast("dict[str, Any]", self.value)

    def items(self) -> Iterator[Node]:
        """The elements of the value, which must be a list."""
        if not isinstance(self.value, list):
            raise self.refuse("must be a list")
        return (Node(value, self._below(index)) for index, value in enumerate(self.value))

    def at(self, key: str) -> Node:
        """The member of that name, null where absent."""
        return Node(self.mapping().get(key), self._below(key))

    def text(self, key: str) -> str:
        """A string that is not empty; a number is taken as the identifier it stands for, 7.0 as 7."""
        node = self.at(key)
        if isinstance(node.value, float) and isfinite(node.value):
            return f"{node.value:.0f}" if node.value.is_integer() else repr(node.value)
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return str(node.value)
        if not isinstance(node.value, str) or not node.value:
            raise node.refuse("must be text that is not empty")
        return node.value

    def number(self, key: str, *, least: float | None = None) -> float:
        """A finite number, at least `least`."""
        node = self.at(key)
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not isfinite(node.value):
            raise node.refuse("must be a finite number")
        if least is not None and node.value < least:
            raise node.refuse(f"must be at least {least:g}")
        return float(node.value)

    def boolean(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.at(key).value
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.at(key).refuse("must be true or false")
        return value

    def instant(self, key: str) -> datetime:
        """An ISO 8601 time with a zone."""
        try:
            return parse_instant(self.text(key))
        except ValueError as error:
            raise self.at(key).refuse(str(error)) from error

    def choice(self, key: str, kind: type[E]) -> E:
        """One of the names of an enumeration."""
        try:
            return kind(self.text(key))
        except ValueError:
            raise self.at(key).refuse(f"must be one of {', '.join(kind)}") from None

    def maybe_text(self, key: str) -> str | None:
        """As `text`, or `None`; empty text is none."""
        return self.text(key) if self.has(key) and self.at(key).value != "" else None

    def maybe_number(self, key: str, *, least: float | None = None) -> float | None:
        """As `number`, or `None`."""
        return self.number(key, least=least) if self.has(key) else None

    def maybe_instant(self, key: str) -> datetime | None:
        """As `instant`, or `None`."""
        return self.instant(key) if self.has(key) else None

    def _below(self, key: str | int) -> str:
        return f"{self.path}.{key}" if self.path else str(key)


def parse_document(content: bytes | str, path: str = "") -> Node:
    """A JSON document, a byte order mark aside; `InvalidInputError` if it is none. Duplicate keys keep the last value."""
    try:
        plain = content.removeprefix("\ufeff") if isinstance(content, str) else content.removeprefix(BOM_UTF8)
        return Node(msgspec.json.decode(plain), path)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(path or "document", f"is not JSON: {error}") from error


def parse_json_lines(lines: Iterable[str]) -> Iterator[Node]:
    """The documents of JSON lines, blank lines skipped; paths begin with `line N`, from 1."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield parse_document(line, f"line {number}")


def json_line(members: Mapping[str, Any], *, facts: Mapping[str, Any] | None = None) -> str:
    """One line of JSON with the members in the given order; `facts`, if given, last and sorted by name."""
    if facts is not None:
        members = {**members, "facts": msgspec.Raw(msgspec.json.encode(facts, order="sorted"))}
    return msgspec.json.encode(members).decode() + "\n"
