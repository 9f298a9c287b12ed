"""The fixes that conclusions stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from geofence.facts import GAP, SILENCE, STAY_OFF, Fact
from geofence.kernels.nearest import nearest_zones
from geofence.rows import from_us

if TYPE_CHECKING:
    from domain.zones import Zone
    from geofence.kernels.stepping import Land

_AROUND_M: Final = 1_000.0
_ZONES_SHOWN: Final = 3
Shown = dict[str, Any]


class GoodFix(NamedTuple):
    """When and where a device was last seen well."""

    time_us: int
    longitude_e7: int
    latitude_e7: int


def deciding_fix(fact: Fact) -> GoodFix:
    """The fix that a fact was decided by."""
    kind = fact.kind
    if kind == GAP:
        return GoodFix(fact.decided_us, int(fact.a), int(fact.b))
    if kind == STAY_OFF:
        return GoodFix(int(fact.a), fact.longitude_e7, fact.latitude_e7)
    return GoodFix(fact.time_us if kind == SILENCE else fact.decided_us, fact.longitude_e7, fact.latitude_e7)


@dataclass(slots=True)
class Sightings:
    """The fixes that one call's conclusions stand on, each described once; the zones around them are looked up together."""

    _shown: dict[GoodFix, Shown] = field(default_factory=dict)
    _around: dict[GoodFix, Shown] = field(default_factory=dict)

    def shown(self, fix: GoodFix) -> Shown:
        """When and where."""
        shown = self._shown.get(fix)
        if shown is None:
            shown = self._shown[fix] = {
                "at": from_us(fix.time_us).isoformat(),
                "longitude_deg": round(1e-7 * fix.longitude_e7, 7),
                "latitude_deg": round(1e-7 * fix.latitude_e7, 7),
            }
        return shown

    def around(self, fix: GoodFix) -> Shown:
        """When and where, and the nearest zones with the metres to their boundaries, negative inside."""
        around = self._around.get(fix)
        if around is None:
            around = self._around[fix] = {**self.shown(fix), "zones": []}
        return around

    def look_around(self, land: Land, zones: tuple[Zone, ...]) -> None:
        """Fill in the zones that hold at each fix."""
        if not self._around or not zones:
            return
        fixes = np.array(list(self._around), np.int64)
        numbers, apart_m = nearest_zones(land.shapes, land.scratch, fixes, _AROUND_M, _ZONES_SHOWN)
        for around, near, metres in zip(self._around.values(), numbers.tolist(), apart_m.tolist(), strict=True):
            around["zones"] += [
                {"zone_id": zones[number].zone_id, "distance_m": round(apart, 1)}
                for number, apart in zip(near, metres, strict=True)
                if number >= 0
            ]
