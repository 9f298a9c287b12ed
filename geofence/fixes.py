"""The fixes that conclusions stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
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


def deciding_fix(fact: Fact) -> GoodFix:
    """The fix that a fact was decided by."""
    kind, _, decided_us, time_us, _, longitude_e7, latitude_e7, a, b, _, _ = fact
    if kind == GAP:
        return GoodFix(decided_us, int(a), int(b))
    if kind == STAY_OFF:
        return GoodFix(int(a), longitude_e7, latitude_e7)
    return GoodFix(time_us if kind == SILENCE else decided_us, longitude_e7, latitude_e7)


@dataclass(slots=True)
class Sightings:
    """The fixes that one call's conclusions stand on, each described once; the zones around them are looked up together."""

    _shown: dict[GoodFix, Shown] = field(default_factory=dict)
    _around: dict[GoodFix, Shown] = field(default_factory=dict)

    def shown(self, fix: GoodFix) -> Shown:
        """When and where."""
        shown = self._shown.get(fix)
        if shown is None:
            time_us, longitude_e7, latitude_e7 = fix
            shown = self._shown[fix] = {
                "at": moment_text(time_us),
                "longitude_deg": longitude_e7 / 1e7,
                "latitude_deg": latitude_e7 / 1e7,
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
        decimetres = np.rint(10.0 * apart_m) / 10.0
        for around, near, metres in zip(self._around.values(), numbers.tolist(), decimetres.tolist(), strict=True):
            around["zones"] += [
                {"zone_id": zones[number].zone_id, "distance_m": apart}
                for number, apart in zip(near, metres, strict=True)
                if number >= 0
            ]
