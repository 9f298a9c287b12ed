"""What several of the fleet do alike at one time and place is nobody's fault: a jam, a road that is closed.

Every device tells for itself what it did (`Alike`); which events that excuses is a function of the set of all that the fleet
told, whatever lane judged it, in whatever order it became known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from geofence.kernels.ground import metres

SLOW: Final = "slow"  # did not get on for a while, outside every allowed place
DIVERSION: Final = "diversion"  # left its route before there
EXCUSABLE: Final = frozenset({"unscheduled_stop", "route_deviation", "early_or_late"})
"""Rules whose events may be excused, unless they are critical."""
_CELL_E7: Final = 40_000
_SAME_COURSE_DEG: Final = 45.0  # nearer to it than to a crossing


@dataclass(frozen=True, slots=True)
class Alike:
    """One thing that a device did. `event_id` names the event about it that is excused when enough of the fleet do the same.

    With an event and no `vehicles` it says that what that event is about turned out to be something else, and excuses nobody.
    """

    alike_id: str
    kind: str
    device_id: str  # the tracker's key
    at_us: int
    decided_us: int
    longitude_e7: int
    latitude_e7: int
    event_id: str | None = None
    vehicles: int = 0  # so many, itself included,
    within_m: float = 0.0  # this near,
    within_s: float = 0.0  # this close in time, excuse the event
    course_deg: float | None = None  # by which it left


def excused(told: Collection[Alike]) -> set[str]:
    """The events that the fleet excuses, of all that it told about one organisation's time and place."""
    otherwise = {one.event_id for one in told if one.event_id is not None and one.vehicles == 0}
    told = [one for one in told if one.event_id is None or one.event_id not in otherwise]
    grid: dict[tuple[str, int, int], list[Alike]] = defaultdict(list)
    for one in told:
        grid[one.kind, *_cell(one)].append(one)
    return {
        one.event_id
        for one in told
        if one.event_id is not None and len({other.device_id for other in _near(one, grid)}) >= one.vehicles
    }


def _near(one: Alike, grid: dict[tuple[str, int, int], list[Alike]]) -> Iterable[Alike]:
    column, row = _cell(one)
    reach = 1 + int(one.within_m / 300.0)
    for x in range(column - reach, column + reach + 1):
        for y in range(row - reach, row + reach + 1):
            yield from (other for other in grid.get((one.kind, x, y), ()) if _is_same(one, other))


def _is_same(one: Alike, other: Alike) -> bool:
    if abs(other.at_us - one.at_us) > one.within_s * 1e6 or _turned_deg(one, other) > _SAME_COURSE_DEG:
        return False
    return metres(one.longitude_e7, one.latitude_e7, other.longitude_e7, other.latitude_e7) <= one.within_m


def _turned_deg(one: Alike, other: Alike) -> float:
    if one.course_deg is None or other.course_deg is None:
        return 0.0
    return abs((one.course_deg - other.course_deg + 180.0) % 360.0 - 180.0)


def _cell(one: Alike) -> tuple[int, int]:
    return one.longitude_e7 // _CELL_E7, one.latitude_e7 // _CELL_E7
