"""The same van, driver or helper halting at the same odd place on several days: a habit, and no accident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from domain.events import Event, Severity
from geofence.clusters import NOISE, cluster
from geofence.journal import event_id, rounded
from geofence.parameters import Parameter
from geofence.rows import from_us, to_us

NAME: Final = "collusion_cluster"
PARAMETERS: Final = (
    Parameter(f"{NAME}.within_m", 75, "m", 10, 1000, "Halts within this of each other"),
    Parameter(f"{NAME}.days", 28, "d", 2, 365, "and within so many days are of one place."),
    Parameter(f"{NAME}.least_days", 3, "d", 2, 100, "Somebody who halts there on so many different days is told,"),
    Parameter(f"{NAME}.popular", 4, "1", 2, 1000, "unless so many different vans or drivers do."),
    Parameter(f"{NAME}.critical_days", 6, "d", 2, 365, "So many days are critical."),
)
SOURCES: Final = frozenset({"unscheduled_stop", "unscheduled_unloading"})
"""Rules whose events are halts where nobody may halt."""
_DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class OddHalt:
    """A halt off every allowed place, and who was there: kinds of subjects (`vehicle`, `driver`, `helper`) to their names."""

    device_id: str
    started_us: int
    ended_us: int
    longitude_deg: float
    latitude_deg: float
    event_id: str
    who: Mapping[str, str] = field(default_factory=dict)

    @property
    def subjects(self) -> dict[str, str]:
        """Who was there; the vehicle, if nothing else, is known by its tracker."""
        return {"vehicle": self.device_id, **self.who}

    @property
    def day(self) -> date:
        """The local day, by the sun to half an hour."""
        return date(1970, 1, 1) + timedelta(days=(self.started_us + round(self.longitude_deg / 7.5) * 1_800_000_000) // _DAY_US)


def odd_halts(events: Iterable[Event]) -> list[OddHalt]:
    """The halts that rules told of, each once, in order."""
    found: dict[tuple[str, int], OddHalt] = {}
    for event in sorted(events, key=lambda one: (one.started_at, one.device_id, one.rule)):
        place = event.facts.get("longitude_deg"), event.facts.get("latitude_deg")
        if event.rule in SOURCES and None not in place:
            started_us = to_us(event.started_at)
            ended_us = to_us(event.ended_at or max(event.started_at, event.detected_at))
            halt = OddHalt(event.device_id, started_us, ended_us, float(place[0]), float(place[1]), event.event_id)  # type: ignore[arg-type]
            found.setdefault((event.device_id, started_us), halt)
    return list(found.values())


def find_clusters(
    halts: Sequence[OddHalt], values: Mapping[str, float], is_approved: Callable[[float, float], bool] = lambda _x, _y: False
) -> list[Event]:
    """Events of subjects with a place of their own, whatever the order; `is_approved` says so of a longitude and latitude."""
    ordered = sorted(halts, key=lambda halt: (halt.started_us, halt.device_id, halt.event_id))
    labels = cluster(
        [halt.longitude_deg for halt in ordered],
        [halt.latitude_deg for halt in ordered],
        [halt.started_us for halt in ordered],
        within_m=values[f"{NAME}.within_m"],
        within_us=round(values[f"{NAME}.days"] * _DAY_US),
        least_points=round(values[f"{NAME}.least_days"]),
    )
    found: list[Event] = []
    for number in sorted({int(label) for label in labels} - {NOISE}):
        members = [ordered[place] for place in np.flatnonzero(labels == number)]
        found += _of_place(members, values, is_approved)
    return found


def _of_place(
    members: Sequence[OddHalt], values: Mapping[str, float], is_approved: Callable[[float, float], bool]
) -> list[Event]:
    visitors = {halt.subjects.get("driver", halt.device_id) for halt in members}
    longitude, latitude = _centre(members)
    if len(visitors) >= values[f"{NAME}.popular"] or is_approved(longitude, latitude):
        return []
    by_subject: dict[tuple[str, str], list[OddHalt]] = defaultdict(list)
    for halt in members:
        for kind, name in halt.subjects.items():
            by_subject[kind, name].append(halt)
    told: dict[tuple[str, ...], Event] = {}
    for subject in sorted(by_subject, key=lambda one: (one[0] != "vehicle", one)):  # of the same halts the vehicle speaks
        mine = by_subject[subject]
        if (at := _habit_since(mine, values)) is not None:
            told.setdefault(tuple(halt.event_id for halt in mine), _event(subject, mine, at, values))
    return list(told.values())


def _habit_since(halts: Sequence[OddHalt], values: Mapping[str, float]) -> OddHalt | None:
    """The halt that made it a habit: the first with enough different days within the span that ends with it."""
    span_us, least = values[f"{NAME}.days"] * _DAY_US, values[f"{NAME}.least_days"]
    for place, halt in enumerate(halts):
        if len({one.day for one in halts[: place + 1] if halt.started_us - one.started_us <= span_us}) >= least:
            return halt
    return None


def _event(subject: tuple[str, str], halts: Sequence[OddHalt], at: OddHalt, values: Mapping[str, float]) -> Event:
    days = sorted({halt.day for halt in halts})
    longitude, latitude = _centre(halts)
    first, last = halts[0], max(halts, key=lambda halt: halt.ended_us)
    facts: dict[str, Any] = {
        "subject": subject[0],
        "name": subject[1],
        "days": [day.isoformat() for day in days],
        "halts": len(halts),
        "event_ids": [halt.event_id for halt in halts],
        "longitude_deg": longitude,
        "latitude_deg": latitude,
        "dwell_s": sum(halt.ended_us - halt.started_us for halt in halts) / 1e6,
    }
    return Event(
        event_id(NAME, first.device_id, None, "|".join(subject), first.started_us),
        NAME,
        Severity.critical if len(days) >= values[f"{NAME}.critical_days"] else Severity.high,
        last.device_id,
        None,
        None,
        from_us(first.started_us),
        from_us(last.ended_us),
        from_us(at.ended_us),
        confidence=min(0.99, 1.0 - 0.5 ** len(days)),
        facts=rounded(facts),
    )


def _centre(halts: Sequence[OddHalt]) -> tuple[float, float]:
    """The median of their places; no cluster is as wide as a hemisphere."""
    east = [(halt.longitude_deg - halts[0].longitude_deg + 180.0) % 360.0 - 180.0 for halt in halts]
    longitude = (halts[0].longitude_deg + float(np.median(east)) + 180.0) % 360.0 - 180.0
    return longitude, float(np.median([halt.latitude_deg for halt in halts]))
