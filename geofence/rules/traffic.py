"""Where the van does not get on: told for the whole fleet, so that a jam is nobody's fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geofence import alike
from geofence.facts import SLOW, Fact
from geofence.journal import Episode
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "traffic"
_LATELY_US: Final = 900_000_000


def _slow(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        device.memory[NAME] = [fact.time_us, fact.decided_us, fact.longitude_e7, fact.latitude_e7]
        device.alike(alike.SLOW, fact.time_us, fact.longitude_e7, fact.latitude_e7)


def excuse_in_jam(device: Device, episode: Episode, since_us: int, longitude_e7: int, latitude_e7: int) -> None:
    """Let an event be excused when enough of the fleet did not get on there and then."""
    limits = {
        "vehicles": int(device.values["unscheduled_stop.traffic_vehicles"]),
        "within_m": device.values["unscheduled_stop.traffic_m"],
        "within_s": device.values["unscheduled_stop.traffic_s"],
    }
    device.alike(alike.SLOW, since_us, longitude_e7, latitude_e7, episode, **limits)


def excuse_in_traffic(device: Device, episode: Episode) -> None:
    """Let an event be excused when enough of the fleet did not get on where this van lately did not."""
    slow = device.memory.get(NAME)
    if slow is not None and device.now_us - slow[1] <= _LATELY_US:
        excuse_in_jam(device, episode, slow[0], slow[2], slow[3])


RULE = Rule(NAME, on={SLOW: _slow})
