"""Entering and leaving zones: told of all devices at once, as nothing is remembered of them and no other rule asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Severity
from geofence.facts import ZONE_OFF, ZONE_ON
from geofence.fixes import described
from geofence.journal import Turn, draft_event, event_ids, thousandths
from geofence.rows import moment_text, moments
from geofence.rule import Rule

if TYPE_CHECKING:
    from domain.zones import Zone

Owner = tuple[str, str | None]
"""A device's key, and the trip it was on."""
RULES: Final = (Rule("zone_enter"), Rule("zone_exit"))
PASSAGES: Final = (ZONE_ON, ZONE_OFF)
_COLUMNS: Final = ("kind", "place", "time_us", "decided_us", "longitude_e7", "latitude_e7", "a", "b")
_INFO: Final = Severity.info


def owners_of(passages: NDArray[np.void], turns: Mapping[int, list[Turn]], now: Callable[[int], Owner]) -> list[Owner]:
    """Who entered or left the zone by each of the facts, sorted by slot and moment; `now` says it of a slot at their end."""
    slots, decided_us = passages["slot"], passages["decided_us"]
    bounds = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(passages)]
    owners: list[Owner] = []
    for low, high in pairwise(bounds) if len(passages) else ():
        slot = int(slots[low])
        key, trip_id = now(slot)
        for turn in turns.get(slot, ()):
            until = int(np.searchsorted(decided_us[low:high], turn.until_us)) + low
            owners += [(key, turn.trip_id)] * (until - len(owners))
        owners += [(key, trip_id)] * (high - len(owners))
    return owners


def events_of(passages: NDArray[np.void], owners: Sequence[Owner], zones: tuple[Zone, ...]) -> list[Event]:
    """An event of each passage, in their order; they alarm nobody, and are told each time, without cool-down."""
    kinds, places, since_us, decided_us, longitudes_e7, latitudes_e7, a, b = (passages[name].tolist() for name in _COLUMNS)
    fixes = zip(decided_us, longitudes_e7, latitudes_e7, strict=True)
    names = ["zone_enter" if kind == ZONE_ON else "zone_exit" for kind in kinds]
    shown = {place: _shown(zones[place]) for place in set(places)}
    of = [shown[place] for place in places]
    whose = zip(names, owners, of, since_us, strict=True)
    ids = event_ids([(name, *owner, zone["zone_id"], at_us) for name, owner, zone, at_us in whose])
    facts = [_facts(*one) for one in zip(of, kinds, fixes, since_us, a, b, strict=True)]
    told = zip(ids, names, owners, moments(since_us), moments(decided_us), facts, strict=True)
    return [
        draft_event(event_id, name, _INFO, key, trip_id, None, at, at, decided_at, 1.0, False, None, one)
        for event_id, name, (key, trip_id), at, decided_at, one in told
    ]


def _shown(zone: Zone) -> dict[str, Any]:
    return {"zone_id": zone.zone_id, "zone": zone.name, "kind": str(zone.kind)}


def _facts(zone: dict[str, Any], kind: int, fix: tuple[int, int, int], since_us: int, a: float, b: float) -> dict[str, Any]:
    evidence = {"fixes": [described(fix)]}
    if kind == ZONE_ON:
        return {**zone, "sigma_m": thousandths(b), "evidence": evidence}
    return {**zone, "entered_at": moment_text(int(a)), "inside_s": thousandths((since_us - a) / 1e6), "evidence": evidence}
