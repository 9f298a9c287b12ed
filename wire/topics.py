"""Which format a topic carries, and whose it is. Patterns are data: the defaults below, or an installation's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from domain.errors import InvalidInputError
from wire.own_channels import ROOT, UPLINKS

NODE_UPLINKS: Final = ("NBIRTH", "NDATA", "NDEATH")
DEVICE_UPLINKS: Final = ("DBIRTH", "DDATA", "DDEATH")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_REMEMBERED: Final = 1 << 16
_LONGEST_TOPIC: Final = 1_000
_LONGEST_PATTERN: Final = 300
_MOST_IN_LEVEL: Final = 2  # placeholders; with more, a long topic could take long to match


@dataclass(frozen=True, slots=True)
class Route:
    """What a topic says: the format, the device's identity (empty if only the payload has it), and the tenant, if named."""

    format: str
    device: str
    tenant: str | None


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """Topics of one format, such as `fleet/{tenant}/{device}/data`; a last level `#` stands for any levels or none.

    `device` and `tenant` are templates over the placeholders: what is unique only together, such as a user's phone, is joined.
    """

    pattern: str
    format: str
    device: str = "{device}"
    tenant: str | None = None

    def __post_init__(self) -> None:
        names = _PLACEHOLDER.findall(self.pattern)
        if fault := _fault(self.pattern, names):
            raise InvalidInputError("pattern", f"{self.pattern!r} {fault}")
        for template in (self.device, self.tenant or ""):
            if missing := set(_PLACEHOLDER.findall(template)) - set(names):
                raise InvalidInputError("pattern", f"{self.pattern!r} has no {{{min(missing)}}} for {template!r}")

    @property
    def filter(self) -> str:
        """The MQTT filter to subscribe to."""
        return "/".join("+" if "{" in level else level for level in self.pattern.split("/"))

    @property
    def breadth(self) -> list[int]:
        """By level how much it leaves open; where patterns overlap the one with the lesser list is meant."""
        return [3 if level == "#" else 0 if "{" not in level else 2 - _has_literal(level) for level in self.pattern.split("/")]

    def matches(self, topic: str) -> bool:
        """Whether a message on `topic` would be taken for this."""
        return _compile(self.pattern).fullmatch(topic) is not None


def _has_literal(level: str) -> bool:
    return bool(_PLACEHOLDER.sub("", level))


def _fault(pattern: str, names: Sequence[str]) -> str | None:
    """What is wrong with a pattern that has placeholders of these names."""
    if not pattern or len(pattern) > _LONGEST_PATTERN:
        return f"is empty or longer than {_LONGEST_PATTERN} characters"
    if re.search(r"[+#\0]", pattern.removesuffix("/#")) or pattern.startswith("$"):
        return "has a wildcard of its own, or is a topic of the broker's"
    if re.search(r"[{}]", _PLACEHOLDER.sub("", pattern)):
        return "has a brace that belongs to no placeholder such as {device}"
    if len(set(names)) != len(names):
        return "repeats a placeholder"
    if "}{" in pattern or any(len(_PLACEHOLDER.findall(level)) > _MOST_IN_LEVEL for level in pattern.split("/")):
        return f"has placeholders that nothing parts, or more than {_MOST_IN_LEVEL} in a level"
    return None


def _pattern(pattern: str, format_name: str, device: str = "{device}") -> TopicPattern:
    return TopicPattern(pattern, format_name, device, "{tenant}" if "{tenant}" in pattern else None)


DEFAULT_PATTERNS: Final[tuple[TopicPattern, ...]] = (
    *(_pattern(f"{ROOT}/{{tenant}}/{{device}}/{channel}", "beatwatch") for channel in UPLINKS),
    _pattern("{device}/data", "teltonika-any"),
    _pattern("ais140/{device}/raw", "ais140"),
    _pattern("traccar/positions", "traccar", device=""),
    _pattern("owntracks/{user}/{phone}", "owntracks", device="{user}:{phone}"),
    *(
        _pattern(f"owntracks/{{user}}/{{phone}}/{what}", "owntracks", device="{user}:{phone}")
        for what in ("event", "waypoint", "waypoints", "status")
    ),
    _pattern("application/{app}/device/{device}/event/{event}", "chirpstack"),
    _pattern("v3/{app}/devices/{device}/up", "ttn"),
    _pattern("v3/{app}/devices/{device}/join", "ttn"),
    _pattern("senml/{device}", "senml"),
    *(_pattern(f"spBv1.0/{{group}}/{kind}/{{edge}}", "sparkplug", device="{group}:{edge}") for kind in NODE_UPLINKS),
    *(
        _pattern(f"spBv1.0/{{group}}/{kind}/{{edge}}/{{node}}", "sparkplug", device="{group}:{edge}:{node}")
        for kind in DEVICE_UPLINKS
    ),
    _pattern("zigbee2mqtt/{device}", "zigbee2mqtt"),
    _pattern("zigbee2mqtt/{device}/availability", "zigbee2mqtt"),
    _pattern("gt06/{device}/raw", "gt06"),
)
"""Where each format is usually found."""


class Router:
    """Finds the pattern of a topic: of those that match the one that leaves least open, from the first level on.

    Answers are remembered, for devices repeat themselves.
    """

    def __init__(self, patterns: Iterable[TopicPattern] = DEFAULT_PATTERNS) -> None:
        self.replace(patterns)

    def replace(self, patterns: Iterable[TopicPattern]) -> None:
        """Let these patterns hold from the next topic on, also in another thread."""
        self.patterns: Sequence[TopicPattern] = tuple(patterns)
        ordered = sorted(self.patterns, key=lambda pattern: pattern.breadth)
        self.route = lru_cache(_REMEMBERED)(partial(_route, [(pattern, _compile(pattern.pattern)) for pattern in ordered]))

    def filters(self) -> list[str]:
        """The fewest MQTT filters that cover all patterns: brokers send a message once for each filter that it matches."""
        filters = list(dict.fromkeys(pattern.filter for pattern in self.patterns))
        return [one for one in filters if not any(other != one and _covers(other, one) for other in filters)]


def _route(compiled_patterns: Sequence[tuple[TopicPattern, re.Pattern[str]]], topic: str) -> Route | None:
    if len(topic) > _LONGEST_TOPIC:
        return None
    for pattern, compiled in compiled_patterns:
        if match := compiled.fullmatch(topic):
            levels = match.groupdict()
            tenant = None if pattern.tenant is None else _fill(pattern.tenant, levels)
            return Route(pattern.format, _fill(pattern.device, levels), tenant)
    return None


def _covers(wide: str, narrow: str) -> bool:
    """Whether every topic that matches the filter `narrow` matches `wide` too."""
    wide_levels, narrow_levels = wide.split("/"), narrow.split("/")
    if wide_levels[-1] == "#":
        wide_levels.pop()
        above = narrow_levels[:-1] if narrow_levels[-1] == "#" else narrow_levels
        if len(above) < len(wide_levels):
            return False
        narrow_levels = above[: len(wide_levels)]
    return len(wide_levels) == len(narrow_levels) and all(
        one == other or (one == "+" and other != "#") for one, other in zip(wide_levels, narrow_levels, strict=True)
    )


def _fill(template: str, levels: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda placeholder: levels[placeholder[1]], template)


def _compile(pattern: str) -> re.Pattern[str]:
    body = pattern.removesuffix("/#")
    parts = _PLACEHOLDER.split(body)
    literals, names = parts[::2], parts[1::2]
    text = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        text += f"(?P<{name}>[^/]+?)" + re.escape(literal)
    return re.compile(text + (r"(?:/.*)?" if body != pattern else ""), re.DOTALL)
