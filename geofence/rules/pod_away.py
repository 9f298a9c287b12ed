"""A proof of delivery captured away from its outlet, or away from the van."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import PROOF, Fact
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "pod_away"
_PARAMETERS = (
    Parameter(
        f"{NAME}.phone_m", 150, "m", 20, 5000, "A phone further than this, and than radius and two sigma, from the outlet"
    ),
    Parameter(f"{NAME}.van_m", 250, "m", 20, 5000, "while the van is further than this from it, is told."),
    Parameter(f"{NAME}.apart_m", 500, "m", 50, 10_000, "So is a phone further than this from the van."),
    Parameter(f"{NAME}.high_m", 1000, "m", 100, 50_000, "Further than this from the outlet is of high severity."),
    Parameter(f"{NAME}.critical_m", 5000, "m", 100, 500_000, "Further than this is critical."),
)


def _signed(device: Device, fact: Fact) -> None:
    """Where it was signed for, also when the van is home already."""
    plan = device.planned
    if not math.isfinite(fact.a):
        return
    proof = plan.proofs[fact.place]
    if math.isnan(proof.longitude_e7):
        return
    number, sigma = proof.stop, max(10.0, proof.accuracy_m)
    phone_m = device.metres_to_stop(number, proof.longitude_e7, proof.latitude_e7)
    van_m = device.metres_to_stop(number, fact.longitude_e7, fact.latitude_e7) - fact.a
    apart_m = metres(proof.longitude_e7, proof.latitude_e7, fact.longitude_e7, fact.latitude_e7) - fact.a - sigma
    allowed_m = max(device.values["pod_away.phone_m"], plan.stop.radius_m.item(number) + 2.0 * sigma)
    away = phone_m > allowed_m and van_m > device.values["pod_away.van_m"]
    if not away and apart_m <= device.values["pod_away.apart_m"]:
        return
    facts = {"phone_from_outlet_m": phone_m, "van_from_outlet_m": van_m, "phone_from_van_m": apart_m, "phone_sigma_m": sigma}
    severity = _severity(device, phone_m if away else 0.0)
    device.tell(NAME, str(number), fact.time_us, severity, stop=number, confidence=0.85, facts=facts, trip=plan)


def _severity(device: Device, phone_m: float) -> Severity:
    if phone_m > device.values["pod_away.critical_m"]:
        return Severity.critical
    return Severity.high if phone_m > device.values["pod_away.high_m"] else Severity.medium


RULE = Rule(NAME, _PARAMETERS, on={PROOF: _signed})
