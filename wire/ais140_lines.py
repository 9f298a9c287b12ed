"""How vendors lay out AIS-140 lines: which value stands where, and what the checksum covers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from domain.errors import DecodeError
from wire.crc import xor8
from wire.identity import IMEI
from wire.inputs import Input

COMMON_ORDER: Final = (
    "header", "vendor", "firmware", "type", "alert", "status", "imei", "registration", "fix", "date", "time",
    "latitude", "north", "longitude", "east", "speed_kmh", "heading", "satellites", "altitude", "pdop", "hdop", "operator",
    "ignition", "mains", "mains_v", "battery_v", "sos", "box", "gsm", "mcc", "mnc", "lac", "cid", *["neighbour"] * 12,
    "din", "dout",
)  # fmt: skip
"""The order most vendors follow. What comes after the outputs differs from one to the next: see `Ais140Profile.tail`."""
_EMERGENCY_ORDER: Final = (
    "type", "imei", "status", "date", "time", "fix", "latitude", "north", "longitude", "east", "altitude", "speed_kmh",
)  # fmt: skip
_EMERGENCIES: Final = frozenset({"EMR", "SEM"})
_HEALTH: Final = frozenset({"02", "HLM", "HMP", "HBT", "HP"})
_LOGINS: Final = frozenset({"01", "LGN"})
_LONGEST_REPORT: Final = 16
_CHECKSUM_WITHIN: Final = 80  # characters of the end, for some vendors add more after it
_CHECKSUM: Final = re.compile(r"[,*]([0-9A-Fa-f]{8}|[0-9A-Fa-f]{2})(?=[,*]|$)")
_SPLIT_MOMENT: Final = re.compile(r"(\d\d),(\d\d),(\d{4}),(\d\d),(\d\d),(\d\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{6}(?:\d\d)?", re.ASCII)
_INPUTS: Final = re.compile(r"[0-2]{4}")
_OUTPUTS: Final = re.compile(r"[01]{2}")
_FRAME: Final = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ais140Profile:
    """A vendor's habits.

    `fields` is the order of a location line, `tail` what follows the outputs (`frame`, `odometer_m`, `odometer_km`, or names
    of `inputs`); without one the frame number is told by its six digits. `inputs` map `din1` to `din4` and names of `fields`
    and `tail`. `checksum` is over all before it, `with_separator` or not, `None` for either.
    """

    separator: str = ","
    fields: tuple[str, ...] = COMMON_ORDER
    tail: tuple[str, ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    checksum: Literal["any", "xor", "crc32"] = "any"
    with_separator: bool | None = None
    checksum_policy: Literal["strict", "warn", "off"] = "warn"

    def __post_init__(self) -> None:
        if not self.separator or not {"imei", "date", "time"} <= set(self.fields):
            raise ValueError("a layout needs a separator and the fields imei, date and time")


@dataclass(frozen=True, slots=True)
class Line:
    """The values of a line by the names of their fields, and whether it tells a place or only reports."""

    tells_place: bool
    values: Mapping[str, str]


def parse_line(line: str, profile: Ais140Profile) -> Line:
    """The line taken apart; `DecodeError` if it is of no known form and not of the profile's either."""
    if not line.startswith("$"):
        raise DecodeError("bad_layout", "the line does not begin with $")
    body = line.removeprefix("$").removeprefix(profile.separator)
    if profile.separator == ",":
        body = _SPLIT_MOMENT.sub(r"\1\2\3,\4\5\6", body, count=1)
    parts = [part.strip() for part in body.replace("*", profile.separator).split(profile.separator)]
    for start, part in enumerate(parts[:3]):
        if part in _EMERGENCIES:
            return Line(tells_place=True, values=_emergency(parts[start:]))
    if profile.fields == COMMON_ORDER:
        parts = _usual(parts)
    at = profile.fields.index("imei")
    if len(parts) > at and IMEI.fullmatch(parts[at]):
        return Line(tells_place=True, values=_location(parts, profile))
    return Line(tells_place=False, values=_report(parts))


def checksum_holds(line: str, profile: Ais140Profile) -> bool:
    """Whether the last thing that looks like a checksum is one."""
    candidates = list(_CHECKSUM.finditer(line, max(len(line) - _CHECKSUM_WITHIN, 0)))
    if not candidates:
        return False
    said = candidates[-1]
    kind = "xor" if len(said[1]) == 2 else "crc32"
    if profile.checksum not in {"any", kind}:
        return False
    compute = xor8 if kind == "xor" else zlib.crc32
    ends = {True: (said.start(1),), False: (said.start(),), None: (said.start(1), said.start())}[profile.with_separator]
    return any(compute(line[:end].encode()) == int(said[1], 16) for end in ends)


def _usual(parts: list[str]) -> list[str]:
    """The common order, where a vendor leaves out the alert or puts the fix after date and time."""
    if len(parts) > 5 and parts[4] in {"L", "H"} and IMEI.fullmatch(parts[5]):
        parts = [*parts[:4], "", *parts[4:]]
    if len(parts) > 10 and _DATE.fullmatch(parts[8]) and _FRAME.fullmatch(parts[9]) and parts[10] in {"0", "1", "A", "V"}:
        parts = [*parts[:8], parts[10], *parts[8:10], *parts[11:]]
    return parts


def _location(parts: Sequence[str], profile: Ais140Profile) -> dict[str, str]:
    after = _outputs_end(parts, profile)
    values = dict(zip(profile.fields, parts, strict=False))
    if "dout" in values and after != len(profile.fields):
        del values["din"], values["dout"]
    values.pop("neighbour", None)
    if after:
        values |= {"din": parts[after - 2], "dout": parts[after - 1]} | _tail(parts[after:], profile)
    return values


def _outputs_end(parts: Sequence[str], profile: Ais140Profile) -> int:
    """Where the outputs end: at their place, or, as there may be fewer neighbours, at the last pair that looks so; else 0."""
    usual, first = len(profile.fields), profile.fields.index("imei") + 2
    ends: list[int] = [usual, *range(len(parts), first, -1)]
    for end in ends:
        if first < end <= len(parts) and _INPUTS.fullmatch(parts[end - 2]) and _OUTPUTS.fullmatch(parts[end - 1]):
            return end
    return 0


def _tail(rest: Sequence[str], profile: Ais140Profile) -> dict[str, str]:
    if profile.tail:
        return dict(zip(profile.tail, rest, strict=False))
    frame = next((part for part in rest if _FRAME.fullmatch(part)), None)
    return {} if frame is None else {"frame": frame}


def _emergency(parts: list[str]) -> dict[str, str]:
    """`EMR` or `SEM`, IMEI, NM or SP, date and time together or apart, A or V, place, altitude, speed."""
    if len(parts) > 3 and len(parts[3]) == 14:
        parts = [*parts[:3], parts[3][:8], parts[3][8:], *parts[4:]]
    values = dict(zip(_EMERGENCY_ORDER, parts, strict=False))
    if not IMEI.fullmatch(values.get("imei", "")):
        raise DecodeError("bad_layout", "an emergency line has no IMEI where it should be")
    return values


def _report(parts: Sequence[str]) -> dict[str, str]:
    """A login or a health report: of all that vendors put there only a few things stand at the same place."""
    at = next((index for index, part in enumerate(parts[:6]) if IMEI.fullmatch(part)), None)
    if at is None or len(parts) > _LONGEST_REPORT:
        raise DecodeError("bad_layout", "the line is in no order that is known: the vendor's profile may be needed")
    values = {"imei": parts[at]}
    if parts[0] in _HEALTH and len(parts) > at + 1:
        values["battery"] = parts[at + 1]
    if parts[0] == "LGN" and len(parts) > at + 1:
        values["firmware"] = parts[at + 1]
    elif parts[0] in _HEALTH | _LOGINS:
        values["firmware"] = parts[at - 1]
    return values
