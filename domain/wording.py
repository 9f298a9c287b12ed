"""What rules and states are called when people read them."""

from __future__ import annotations

from typing import Final

_TITLES: Final = {
    "pod_away": "Proof captured elsewhere",
    "gps_loss": "GPS lost",
    "jamming": "GPS jammed",
    "early_or_late": "Early or late",
    "out_of_sequence": "Out of sequence",
    "cargo_weight_drop": "Cargo weight dropped",
    "fuel_drop": "Fuel dropped",
    "unscheduled_unloading": "Unloading off site",
    "zone_enter": "Entered zone",
    "zone_exit": "Left zone",
    "asset_out": "Asset away from its outlet",
    "shelf_sweep": "Shelf swept",
    "power_cut": "Power cut",
    "harsh_driving": "Harsh driving",
    "off_hours_ignition": "Ignition out of hours",
    "spoofed_position": "Position spoofed",
}


def title(rule: str) -> str:
    """A rule's name for people: `missed_stop` is "Missed stop", and `own_night_door` "Night door"."""
    return _TITLES.get(rule) or rule.removeprefix("own_").replace("_", " ").capitalize()
