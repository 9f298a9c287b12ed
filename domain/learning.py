"""What people's verdicts on alerts teach: how right each rule is, and what would make it more so. Pure, and applies nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final

LEAST_VERDICTS: Final = 10
WANTED_PRECISION: Final = 0.9
KEPT_SHARE: Final = 0.97  # of what people confirmed, so much has to be told as before
PLACE_M: Final = 75.0
LEAST_HALTS: Final = 3
LEAST_DAYS: Final = 2
LEAST_PROOFS: Final = 5
PIN_SPREAD_M: Final = 30.0
PIN_OFF_M: Final = 25.0
_EARTH_M: Final = 6_371_008.8
Point = tuple[float, float]  # longitude, latitude in degrees


@dataclass(frozen=True, slots=True)
class Verdict:
    """An alert that a person closed: right or false, how large its figure was, and where and when it happened."""

    alert_id: int
    rule: str
    is_right: bool
    day: date
    magnitude: float | None = None
    place: Point | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How right a rule was, by those whose alerts people closed."""

    confirmed: int
    false: int

    @property
    def precision(self) -> float:
        """Confirmed ones of all closed ones."""
        return self.confirmed / (self.confirmed + self.false)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold that would have kept what was confirmed, and spared so many false alerts."""

    value: float
    false_before: int
    false_after: int
    confirmed_before: int
    confirmed_after: int


@dataclass(frozen=True, slots=True)
class HaltingPlace:
    """Where halts were told that people found nothing wrong with."""

    place: Point
    radius_m: float
    alert_ids: tuple[int, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Pin:
    """Where the proofs of an outlet cluster, and how far that is from its pin."""

    place: Point
    off_m: float
    proofs: int


def scores(verdicts: Iterable[Verdict]) -> dict[str, Score]:
    """By rule."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for verdict in verdicts:
        counts[verdict.rule][0 if verdict.is_right else 1] += 1
    return {rule: Score(confirmed, false) for rule, (confirmed, false) in sorted(counts.items())}


def better_threshold(verdicts: Sequence[Verdict], present: float) -> Threshold | None:
    """A higher threshold on the magnitudes of one rule, where people found it wrong too often and one helps; else None."""
    known = [verdict for verdict in verdicts if verdict.magnitude is not None]
    right = sorted(verdict.magnitude for verdict in known if verdict.is_right and verdict.magnitude is not None)
    wrong = sorted(verdict.magnitude for verdict in known if not verdict.is_right and verdict.magnitude is not None)
    if len(known) < LEAST_VERDICTS or not right or len(right) / len(known) >= WANTED_PRECISION:
        return None
    may_lose = math.floor(len(right) * (1.0 - KEPT_SHARE))
    value = right[may_lose]  # what is at the threshold is told
    spared = sum(magnitude < value for magnitude in wrong)
    if value <= present or not spared:
        return None
    return Threshold(value, len(wrong), len(wrong) - spared, len(right), len(right) - may_lose)


def halting_places(verdicts: Iterable[Verdict]) -> list[HaltingPlace]:
    """Places of several false halts on several days where nobody confirmed any; the busiest first."""
    placed = [verdict for verdict in verdicts if verdict.place is not None]
    false = sorted((verdict for verdict in placed if not verdict.is_right), key=lambda one: (one.day, one.alert_id))
    found = [_as_place(group) for group in _groups(false)]
    right = [verdict.place for verdict in placed if verdict.is_right]
    kept = [
        place
        for place in found
        if len(place.alert_ids) >= LEAST_HALTS
        and place.days >= LEAST_DAYS
        and not any(distance_m(place.place, other) <= 2 * PLACE_M for other in right if other)
    ]
    return sorted(kept, key=lambda place: (-len(place.alert_ids), place.alert_ids))


def better_pins(proofs: Mapping[str, Sequence[Point]], pins: Mapping[str, Point]) -> dict[str, Pin]:
    """By outlet, where the middle of its proofs is well away from its pin and the proofs are close together."""
    found = {}
    for outlet_id, points in sorted(proofs.items()):
        if outlet_id not in pins or len(points) < LEAST_PROOFS:
            continue
        middle = (median(longitude for longitude, _ in points), median(latitude for _, latitude in points))
        spread_m = median(distance_m(middle, point) for point in points)
        off_m = distance_m(middle, pins[outlet_id])
        if spread_m <= PIN_SPREAD_M and off_m > max(PIN_OFF_M, spread_m):
            found[outlet_id] = Pin((round(middle[0], 7), round(middle[1], 7)), round(off_m, 1), len(points))
    return found


def distance_m(a: Point, b: Point) -> float:
    """Along the great circle, by the haversine formula (R. W. Sinnott, *Virtues of the Haversine*, 1984)."""
    north, south = math.radians(a[1]), math.radians(b[1])
    chord = (
        math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(math.radians(a[0] - b[0]) / 2) ** 2
    )
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))


def _groups(verdicts: Iterable[Verdict]) -> list[list[Verdict]]:
    """Each joins the first group whose first one is near."""
    groups: list[list[Verdict]] = []
    for verdict in verdicts:
        near = (group for group in groups if _are_near(group[0], verdict))
        group = next(near, None)
        if group is None:
            groups.append([verdict])
        else:
            group.append(verdict)
    return groups


def _are_near(a: Verdict, b: Verdict) -> bool:
    return a.place is not None and b.place is not None and distance_m(a.place, b.place) <= PLACE_M


def _as_place(group: Sequence[Verdict]) -> HaltingPlace:
    points = [verdict.place for verdict in group if verdict.place is not None]
    middle = (median(longitude for longitude, _ in points), median(latitude for _, latitude in points))
    rounded = (round(middle[0], 7), round(middle[1], 7))
    return HaltingPlace(rounded, PLACE_M, tuple(verdict.alert_id for verdict in group), len({one.day for one in group}))
