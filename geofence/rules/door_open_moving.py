"""Driving with the cargo door open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import DOOR_MOVING_OFF, DOOR_MOVING_ON, DOOR_OFF, STOP_SERVED, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.standing import stand_at

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "door_open_moving"
_PLACE = f"{NAME}.place"
_PARAMETERS = (
    Parameter(f"{NAME}.least_mps", 10 / 3.6, "m/s", 0.5, 30, "Faster than this is driving.", in_kernel=True),
    Parameter(f"{NAME}.least_s", 15, "s", 0, 600, "Driving so long with the door open, halts apart, is told.", in_kernel=True),
    Parameter(f"{NAME}.pause_s", 60, "s", 0, 600, "A halt shorter than this does not end it.", in_kernel=True),
    Parameter(f"{NAME}.stuck_s", 3600, "s", 300, 86_400, "A door open for this long before is a contact that is stuck."),
    Parameter(f"{NAME}.stuck_stands", 3, "1", 1, 20, "So is one that stays open through so many services."),
)


def _on(device: Device, fact: Fact) -> None:
    """Once for each time that the door was opened: a contact that is stuck is told at most once, and taken back.

    Who opens the door at another halt and drives off again does it once more, however soon; one that opens on the way is loose,
    and told once in a while.
    """
    opened_us, known = int(fact.b), device.memory.get(NAME)
    if known is not None and known["opened"] == opened_us:
        return
    stand = stand_at(device, opened_us)
    if stand is not None:
        device.memory[_PLACE] = str(stand.since)
    known = device.memory[NAME] = {"opened": opened_us, "event": "", "stands": 0}
    if fact.time_us - opened_us > device.values[f"{NAME}.stuck_s"] * 1e6:
        return
    facts = {"mps": fact.a, "longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7}
    episode = device.open(NAME, _place(device), fact.time_us, Severity.high, confidence=0.9, facts=facts)
    known["event"] = "" if episode is None else episode.event_id


def _off(device: Device, fact: Fact) -> None:
    device.close(NAME, _place(device), fact.time_us, open_s=(fact.time_us - fact.a) / 1e6)


def _place(device: Device) -> str:
    """The halt at which the door was opened last."""
    return str(device.memory.get(_PLACE, ""))


def _serves(device: Device, _fact: Fact) -> None:
    """Nobody serves shop after shop and never shuts the door: the contact is stuck."""
    known = device.memory.get(NAME)
    if known is None or not known["event"]:
        return
    known["stands"] += 1
    if known["stands"] >= device.values[f"{NAME}.stuck_stands"]:
        device.revoke(NAME, _place(device), known["event"], "door_contact_stuck")
        known["event"] = ""


def _shut(device: Device, _fact: Fact) -> None:
    device.memory.pop(NAME, None)


RULE = Rule(NAME, _PARAMETERS, on={DOOR_MOVING_ON: _on, DOOR_MOVING_OFF: _off, STOP_SERVED: _serves, DOOR_OFF: _shut})
