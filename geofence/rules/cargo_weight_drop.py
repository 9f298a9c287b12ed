"""The load became lighter where nothing is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from domain.zones import ZoneKind
from geofence.facts import ALLOWED_DEPOT, ALLOWED_STOP, CARGO_BACK, CARGO_DROP, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.visits import NAME as VISITS
from geofence.rules.visits import served_outside

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "cargo_weight_drop"
_PARAMETERS = (
    Parameter(f"{NAME}.least_kg", 10, "kg", 1, 5000, "No smaller loss is told,", in_kernel=True),
    Parameter(f"{NAME}.share", 0.015, "1", 0, 1, "nor one of a smaller share of the load.", in_kernel=True),
)


def _drop(device: Device, fact: Fact) -> None:
    device.memory.pop(NAME, None)  # a level that comes back is that of the last drop
    where = int(fact.d)
    if device.plan is None or where == ALLOWED_DEPOT or where <= ALLOWED_STOP:
        return
    if where >= 0 and device.zones[where].kind == ZoneKind.depot:
        return
    if any(_near(device, fact, k) for k in range(len(device.visits))):
        return
    facts = {
        "lost_kg": fact.a,
        "before_kg": fact.b,
        "after_kg": fact.c,
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
    }
    device.open(NAME, str(fact.decided_us), fact.decided_us, Severity.critical, confidence=0.8, facts=facts)
    device.memory[NAME] = fact.decided_us


def _near(device: Device, fact: Fact, number: int) -> bool:
    """Near a stop that this halt serves, or may yet serve."""
    halt = device.memory.get(VISITS) or [0]
    if not device.is_open(number) and number not in served_outside(device, halt[0]):
        return False
    away_m = device.metres_to_stop(number, fact.longitude_e7, fact.latitude_e7)
    return away_m <= float(device.planned.stops[number]["radius_m"]) + device.values["visits.near_m"]


def _back(device: Device, _fact: Fact) -> None:
    """Somebody stood on the bed or moved the load about: weighed again, it is all there."""
    device.withdraw(NAME, str(device.memory.pop(NAME, 0)), "weight_back")


RULE = Rule(NAME, _PARAMETERS, on={CARGO_DROP: _drop, CARGO_BACK: _back})
