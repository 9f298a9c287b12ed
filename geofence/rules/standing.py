"""Where the van stood lately by its wheels, whatever the fixes are worth; and which stops it may have served from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from geofence.facts import Fact
    from geofence.tracking import Device

NAME: Final = "visits"
"""Under this name the rule of the visits remembers, here and in its other files."""
NO_PLACE_M: Final = 1e5
SIGNED_BEFORE_US: Final = 20_000_000
_STANDS: Final = 8
_SIGMAS: Final = 2.0


class Stand(msgspec.Struct, array_like=True):
    """Wheels that stood still; in whole numbers, which take less room while a device is at rest."""

    since: int  # microseconds
    stood_us: int  # 0: it still stands
    lon: int
    lat: int
    sigma_cm: int
    unseen_ms: int
    driven_dm: int
    served: list[int]  # stops
    opened: bool = False  # the door was

    @property
    def until(self) -> int:
        """When the wheels turned again, microseconds; 0: they still stand."""
        return self.since + self.stood_us if self.stood_us else 0

    @property
    def sigma(self) -> float:
        """Of its place, m; NO_PLACE_M and more: nobody knows where."""
        return self.sigma_cm / 100.0

    @property
    def unseen(self) -> float:
        """Seconds that nobody saw."""
        return self.unseen_ms / 1e3

    @property
    def driven(self) -> float:
        """Metres driven until then."""
        return self.driven_dm / 10.0

    def lasted_s(self, now_us: int) -> float:
        """Seconds that it stood, those that nobody saw included."""
        return ((self.until or now_us) - self.since) / 1e6 + self.unseen


class Gap(msgspec.Struct, frozen=True):
    """A span without a good fix. Places are longitude and latitude in 1e-7 degree."""

    since_us: int
    until_us: int
    left: tuple[float, float]
    found: tuple[float, float] | None = None  # None: not found yet
    along: tuple[float, float] | None = None  # m along the route at both ends
    gained_m: float = float("nan")  # by the odometer
    stood_s: float = float("inf")  # the longest that it can have stood
    mute_s: float = float("inf")  # the longest without any row
    driven_m: float = float("nan")  # by its begin


def stand_of(fact: Fact, until_us: int, served: list[int], *, opened: bool = False) -> Stand:
    """A stand as told by the kernels."""
    stood_us = max(1, until_us - fact.time_us) if until_us else 0
    place = fact.longitude_e7, fact.latitude_e7, round(fact.b * 100.0)
    return Stand(fact.time_us, stood_us, *place, round(fact.c * 1e3), round(fact.d * 10.0), served, opened)


def recent(device: Device) -> list[Stand]:
    """The latest stands, the last of all at the end."""
    stands: list[Any] = device.memory.get(NAME, {}).get("stands", [])
    if stands and not isinstance(stands[0], Stand):  # as they were packed
        stands[:] = [Stand(*stand) for stand in stands]
    return stands


def remember(device: Device, stand: Stand) -> None:
    """Keep a new stand, and forget the oldest."""
    stands = recent(device)
    stands.append(stand)
    del stands[:-_STANDS]
    device.memory.setdefault(NAME, {})["stands"] = stands


def stand_at(device: Device, at_us: int) -> Stand | None:
    """The stand that holds a moment, as far as it was told by now."""
    for stand in reversed(recent(device)):
        if stand.since <= at_us and (not stand.stood_us or at_us <= stand.since + stand.stood_us):
            return stand
    return None


def stands_within(device: Device, gap: Gap) -> list[Stand] | None:
    """All stands of a gap; None where nobody knows of all: the rows failed, too, or no odometer tells of the wheels."""
    stands = recent(device)
    is_whole = len(stands) < _STANDS or stands[0].since <= gap.since_us
    if not (gap.mute_s <= device.values["gap.least_s"] and gap.gained_m >= 0.0 and is_whole):
        return None
    return [one for one in stands if (one.until or gap.until_us) > gap.since_us]


def stood_elsewhere(device: Device, gap: Gap, stands: list[Stand], number: int) -> bool:
    """It stood long enough for a service, and everywhere that it did is too far from this stop.

    By the fixes of the stand, poor as they are; where there were none, by the metres from the begin of the gap and to its end.
    """
    need_s = device.planned.stop.need_s.item(number)
    long = [one for one in stands if one.lasted_s(gap.until_us) >= need_s]
    return bool(long) and not any(_may_have_served(device, gap, one, number) for one in long)


def _may_have_served(device: Device, gap: Gap, stand: Stand, number: int) -> bool:
    radius_m, signed = device.planned.stop.radius_m.item(number), signed_during(device, stand, gap.until_us)
    if number not in signed and number not in stand.served and (signed or stand.served):
        return False  # it was another's
    if stand.sigma < NO_PLACE_M:
        reach_m = radius_m + _SIGMAS * stand.sigma + (device.values["visits.near_m"] if number in signed else 0.0)
        return device.metres_to_stop(number, stand.lon, stand.lat) <= reach_m
    come_m, reach_m = stand.driven - gap.driven_m, radius_m + device.values["visits.gap_slack_m"]
    too_far = device.metres_to_stop(number, *gap.left) > come_m + reach_m
    if gap.found is not None:
        too_far = too_far or device.metres_to_stop(number, *gap.found) > gap.gained_m - come_m + reach_m
    return not too_far


def signed_during(device: Device, stand: Stand, now_us: int) -> list[int]:
    """The stops that were signed for during a stand, or soon after it."""
    until_us = (stand.until or now_us) + int(device.values["visits.signed_after_s"] * 1e6)
    signed = device.planned.proofs_within(stand.since - SIGNED_BEFORE_US, min(until_us, now_us))
    return [proof.stop for proof in signed]
