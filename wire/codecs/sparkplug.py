"""Sparkplug B: protobuf on `spBv1.0/{group}/{type}/{edge}[/{device}]`. After a birth, messages may speak in aliases alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Reading
from wire.codec import Codec, Message, Profiles
from wire.inputs import Gathered
from wire.instants import to_unix_ms
from wire.json_payload import moment
from wire.sparkplug_payload import SEQ_WRAP, Metric, SparkplugPayload, parse_payload, rebirth_command, typed
from wire.vendor_keys import KeysProfile, rule_for

_ASK_AGAIN: Final = timedelta(minutes=1)
_ROOT: Final = "spBv1.0/"  # an installation may have levels of its own before it
_MOST_NODES: Final = 20_000
_MOST_ALIASES: Final = 20_000
_SILENT: Final = frozenset({"NCMD", "DCMD", "STATE"})


@dataclass(slots=True)
class _Node:
    """What an edge node said at birth, and where its count of messages stands."""

    aliases: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)  # its devices that are online: name in the topic, identity
    seq: int | None = None
    birth: int | None = None  # the bdSeq by which its death is known
    asked_at: datetime | None = None


class Sparkplug(Codec):
    """Births and deaths become the device's status, and metrics measurements or positions."""

    def __init__(self, profiles: Profiles[KeysProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(KeysProfile())
        self._nodes: dict[str, _Node] = {}
        self._replies: list[Message] = []

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of a message. A gap in the count, or an alias without a birth, also asks the node for its births."""
        base, _, below = topic.rpartition(_ROOT)
        group, kind, edge, name = _levels(below)
        if kind in _SILENT:
            return []
        parsed = parse_payload(payload)
        kind = kind or _guess(parsed)
        key = f"{base}{_ROOT}{group}/{edge}"
        if kind == "NDEATH":
            return self._node_death(key, parsed, received_at, device)
        node = self._node(key, kind)
        if self._has_gap(node, kind, parsed.seq):
            self._ask(node, f"{base}{_ROOT}{group}/NCMD/{edge}", received_at)
        if kind.endswith("BIRTH"):
            _learn(node, parsed.metrics)
        if kind == "NBIRTH":
            node.birth = _birth_number(parsed)
        if unknown := [metric.alias for metric in parsed.metrics if _name_of(metric, node) is None]:
            self._ask(node, f"{base}{_ROOT}{group}/NCMD/{edge}", received_at)
            raise DecodeError("unknown_alias", f"no birth has named the alias {unknown[0]}")
        status = self._status(node, kind, name, parsed, received_at, device)
        return [*status, *self._values(node, parsed, received_at, device)]

    def take_replies(self) -> list[Message]:
        """The commands that ask nodes for their births."""
        replies, self._replies = self._replies, []
        return replies

    def _node(self, key: str, kind: str) -> _Node:
        known = self._nodes.pop(key, None)
        node = _Node() if known is None or kind == "NBIRTH" else known
        if len(self._nodes) >= _MOST_NODES:
            del self._nodes[next(iter(self._nodes))]
        self._nodes[key] = node  # the most recently heard is last, so the first is the one to forget
        return node

    def _has_gap(self, node: _Node, kind: str, seq: int | None) -> bool:
        """Whether messages were lost. The same number again is a message delivered twice."""
        last, node.seq = node.seq, seq
        if kind == "NBIRTH" or seq is None:
            return False
        return last is None or seq not in {last, (last + 1) % SEQ_WRAP}

    def _ask(self, node: _Node, command_topic: str, now: datetime) -> None:
        if command_topic.endswith("/") or (node.asked_at is not None and timedelta(0) <= now - node.asked_at < _ASK_AGAIN):
            return
        node.asked_at = now
        self._replies.append(Message(command_topic, rebirth_command(max(to_unix_ms(now), 0))))

    def _node_death(self, key: str, parsed: SparkplugPayload, received_at: datetime, device: str) -> list[Reading]:
        """The will of a node: it and its devices are gone, unless it is the will of an earlier life, come late."""
        node = self._nodes.get(key, _Node())
        died = _birth_number(parsed)
        if node.birth is not None and died is not None and died != node.birth:
            return []
        self._nodes.pop(key, None)
        return [DeviceStatus(gone, received_at, received_at, online=False) for gone in (device, *node.devices.values())]

    def _status(
        self, node: _Node, kind: str, name: str, parsed: SparkplugPayload, received_at: datetime, device: str
    ) -> list[DeviceStatus]:
        if kind.endswith("BIRTH"):
            if kind == "DBIRTH" and len(node.devices) < _MOST_ALIASES:
                node.devices[name] = device
            return [DeviceStatus(device, moment(parsed.timestamp_ms), received_at, online=True)]
        if kind == "DDEATH":
            node.devices.pop(name, None)
            return [DeviceStatus(device, moment(parsed.timestamp_ms), received_at, online=False)]
        return []

    def _values(self, node: _Node, parsed: SparkplugPayload, received_at: datetime, device: str) -> list[Reading]:
        """The metrics of each moment together; those that mean nothing here are counted and left."""
        profile, spoken = self._profiles.of(device), moment(parsed.timestamp_ms)
        moments: dict[tuple[int | None, bool], Gathered] = {}
        for metric in parsed.metrics:
            name, datatype = _name_of(metric, node) or ("", None)
            rule = rule_for(name, profile)
            if rule is None:
                self.warnings["nothing_mapped"] += 1
                continue
            at = parsed.timestamp_ms if metric.timestamp_ms is None else metric.timestamp_ms
            found = moments.setdefault((at, metric.is_historical), Gathered())
            found.put(rule, typed(metric.value, metric.datatype or datatype))
        readings: list[Reading] = []
        for (at, historical), found in moments.items():
            known: dict[str, Any] = {"buffered": historical or None, "seq": parsed.seq}
            if at != parsed.timestamp_ms:  # a metric with a time of its own was told later
                known["device_time"] = spoken
            readings += found.readings(device, moment(at), received_at, **known)
        return readings


def _levels(below: str) -> tuple[str, str, str, str]:
    """Group, type, edge node and device, empty where what stands below the root is not of the form."""
    levels = below.split("/")
    if len(levels) not in {3, 4}:
        return "", "", "", ""
    return levels[0], levels[1], levels[2], levels[3] if len(levels) == 4 else ""


def _guess(parsed: SparkplugPayload) -> str:
    """The type of a message without its topic: a lone bdSeq is a death's, names with aliases a birth's."""
    names = {metric.name for metric in parsed.metrics}
    if names == {"bdSeq"}:
        return "NDEATH"
    return "NBIRTH" if any(metric.name and metric.alias is not None for metric in parsed.metrics) else "NDATA"


def _learn(node: _Node, metrics: Iterable[Metric]) -> None:
    for metric in metrics:
        if metric.name is not None and metric.alias is not None:
            node.aliases[metric.alias] = (metric.name, metric.datatype)
    if len(node.aliases) > _MOST_ALIASES:
        node.aliases.clear()
        raise DecodeError("too_large", f"a node has more than {_MOST_ALIASES} aliases")


def _name_of(metric: Metric, node: _Node) -> tuple[str, int | None] | None:
    if metric.name:
        return metric.name, metric.datatype
    return node.aliases.get(-1 if metric.alias is None else metric.alias)


def _birth_number(parsed: SparkplugPayload) -> int | None:
    for metric in parsed.metrics:
        if metric.name == "bdSeq" and isinstance(metric.value, int):
            return metric.value
    return None
