"""The fixes that conclusions stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from geofence.facts import GAP, SILENCE, STAY_OFF, Fact
from geofence.kernels.nearest import nearest_zones
from geofence.rows import moment_text

if TYPE_CHECKING:
    from domain.zones import Zone
    from geofence.kernels.layout import Land

_AROUND_M: Final = 1_000.0
_ZONES_SHOWN: Final = 3
Shown = dict[str, Any]


class GoodFix(NamedTuple):
    """When and where a device was last seen well."""

    time_us: int
    longitude_e7: int
    latitude_e7: int


_DECIDED_ELSEWHERE: Final = frozenset((GAP, STAY_OFF, SILENCE))
_AS_FIX: Final = partial(tuple.__new__, GoodFix)  # `_make` without asking for the length
_DECIDED_AT: Final = itemgetter(2, 5, 6)  # when and where


def deciding_fix(fact: Fact) -> GoodFix:
    """The fix that a fact was decided by."""
    if fact[0] not in _DECIDED_ELSEWHERE:
        return _AS_FIX(_DECIDED_AT(fact))
    if fact.kind == GAP:
        return GoodFix(fact.decided_us, int(fact.a), int(fact.b))
    return GoodFix(int(fact.a) if fact.kind == STAY_OFF else fact.time_us, fact.longitude_e7, fact.latitude_e7)


def described(fix: tuple[int, int, int]) -> Shown:
    """When and where."""
    time_us, longitude_e7, latitude_e7 = fix
    return {"at": moment_text(time_us), "longitude_deg": longitude_e7 / 1e7, "latitude_deg": latitude_e7 / 1e7}


@dataclass(slots=True)
class Sightings:
    """The fixes that one call's conclusions stand on, each described once; the zones around them are looked up together."""

    _shown: dict[GoodFix, Shown] = field(default_factory=dict)
    _around: dict[GoodFix, Shown] = field(default_factory=dict)

    def shown(self, fix: GoodFix) -> Shown:
        """When and where."""
        shown = self._shown.get(fix)
        if shown is None:
            shown = self._shown[fix] = described(fix)
        return shown

    def around(self, fix: GoodFix) -> Shown:
        """When and where, and the nearest zones with the metres to their boundaries, negative inside."""
        around = self._around.get(fix)
        if around is None:
            around = self._around[fix] = described(fix)
            around["zones"] = []
        return around

    def look_around(self, land: Land, zones: tuple[Zone, ...]) -> None:
        """Fill in the zones that hold at each fix."""
        if not self._around or not zones:
            return
        fixes = np.array(list(self._around), np.int64)
        numbers, apart_m = nearest_zones(land.shapes, land.scratch, fixes, _AROUND_M, _ZONES_SHOWN)
        known = numbers >= 0
        near, decimetres = numbers[known].tolist(), (np.rint(10.0 * apart_m[known]) / 10.0 + 0.0).tolist()  # no -0.0
        shown = [{"zone_id": zones[one].zone_id, "distance_m": apart} for one, apart in zip(near, decimetres, strict=True)]
        low = 0
        for around, high in zip(self._around.values(), np.cumsum(known.sum(axis=1)).tolist(), strict=True):
            around["zones"] += shown[low:high]
            low = high
