"""Places with a boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any


class ZoneKind(StrEnum):
    """What a zone is for; `allowed_kinds` below are places where a van may halt."""

    depot = "depot"
    outlet = "outlet"
    parking = "parking"
    fuel = "fuel"
    toll = "toll"
    weighbridge = "weighbridge"
    rest = "rest"
    red = "red"
    territory = "territory"
    speed = "speed"
    dead = "dead"  # a known radio or GPS hole
    approved = "approved"  # where everybody may halt, for as long as it is valid
    detour = "detour"  # where nobody is held to a route, such as around a closed road


ALLOWED_KINDS = frozenset(
    {
        ZoneKind.depot,
        ZoneKind.parking,
        ZoneKind.fuel,
        ZoneKind.toll,
        ZoneKind.weighbridge,
        ZoneKind.rest,
        ZoneKind.approved,
    }
)


@dataclass(frozen=True, slots=True)
class OpenHours:
    """From `opens` (inclusive) to `closes` (exclusive) on a weekday, Monday being 0; past midnight if `closes` is not later."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a zone is in force, week by week, by the clock of an IANA time zone such as Asia/Kolkata."""

    time_zone: str
    hours: tuple[OpenHours, ...]


def schedule_members(schedule: Schedule) -> dict[str, Any]:
    """A schedule in terms of JSON."""
    hours = [
        {"weekday": one.weekday, "opens": one.opens.isoformat("minutes"), "closes": one.closes.isoformat("minutes")}
        for one in schedule.hours
    ]
    return {"time_zone": schedule.time_zone, "hours": hours}


@dataclass(frozen=True, slots=True)
class Zone:
    """A GeoJSON geometry that means something between two moments.

    A circle is a `Point` with `radius_m`; a corridor is a `LineString` with `width_m` on each side.
    """

    zone_id: str
    name: str
    kind: ZoneKind
    geometry: Mapping[str, Any]
    radius_m: float | None = None
    width_m: float | None = None
    speed_limit_mps: float | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    schedule: Schedule | None = None  # none: at all hours
