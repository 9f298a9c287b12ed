"""Which format a topic carries, and whose it is. Patterns are data: the defaults below, or an installation's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.errors import InvalidInputError
from wire.own_channels import ROOT, UPLINKS

NODE_UPLINKS: Final = ("NBIRTH", "NDATA", "NDEATH")
DEVICE_UPLINKS: Final = ("DBIRTH", "DDATA", "DDEATH")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_REMEMBERED: Final = 1 << 16


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
        if not self.pattern or len(set(names)) != len(names) or re.search(r"[+#\0]", self.pattern.removesuffix("/#")):
            raise InvalidInputError("pattern", f"{self.pattern!r} repeats a placeholder, is empty or has a wildcard of its own")
        for template in (self.device, self.tenant or ""):
            if missing := set(_PLACEHOLDER.findall(template)) - set(names):
                raise InvalidInputError("pattern", f"{self.pattern!r} has no {{{min(missing)}}} for {template!r}")

    @property
    def filter(self) -> str:
        """The MQTT filter to subscribe to."""
        return "/".join("+" if "{" in level else level for level in self.pattern.split("/"))


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
    """Finds the pattern of a topic: the first that matches. Answers are remembered, for devices repeat themselves."""

    def __init__(self, patterns: Iterable[TopicPattern] = DEFAULT_PATTERNS) -> None:
        self.patterns: Sequence[TopicPattern] = tuple(patterns)
        self._compiled = [(pattern, _compile(pattern.pattern)) for pattern in self.patterns]
        self.route = lru_cache(_REMEMBERED)(self._route)

    def filters(self) -> list[str]:
        """The MQTT filters that cover all patterns, each once."""
        return list(dict.fromkeys(pattern.filter for pattern in self.patterns))

    def _route(self, topic: str) -> Route | None:
        for pattern, compiled in self._compiled:
            if match := compiled.fullmatch(topic):
                levels = match.groupdict()
                tenant = None if pattern.tenant is None else _fill(pattern.tenant, levels)
                return Route(pattern.format, _fill(pattern.device, levels), tenant)
        return None


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
