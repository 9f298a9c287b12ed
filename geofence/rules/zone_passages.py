"""Entering, leaving and crossing zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geofence.facts import ZONE_OFF, ZONE_ON, Fact
from geofence.journal import thousandths
from geofence.rows import moment_text
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device


def _enter(device: Device, fact: Fact) -> None:
    zone = device.zones[fact.place]
    facts = {"zone_id": zone.zone_id, "zone": zone.name, "kind": str(zone.kind), "sigma_m": thousandths(fact.b)}
    device.note("zone_enter", zone.zone_id, fact.time_us, facts)


def _exit(device: Device, fact: Fact) -> None:
    zone = device.zones[fact.place]
    facts = {
        "zone_id": zone.zone_id,
        "zone": zone.name,
        "kind": str(zone.kind),
        "entered_at": moment_text(int(fact.a)),
        "inside_s": thousandths((fact.time_us - fact.a) / 1e6),
    }
    device.note("zone_exit", zone.zone_id, fact.time_us, facts)


RULES = (Rule("zone_enter", on={ZONE_ON: _enter}), Rule("zone_exit", on={ZONE_OFF: _exit}))
