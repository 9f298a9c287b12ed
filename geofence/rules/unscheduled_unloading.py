"""The cargo door is open at a halt where nothing is to be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.events import Severity
from geofence.facts import ALLOWED_NOWHERE, CARGO_DROP, DOOR_HELD, DOOR_OFF, STAY_OFF, STAY_ON, STAY_QUEUED, STOP_SERVED, Fact
from geofence.kernels.apart import metres_to_each
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules import route_deviation
from geofence.rules.served import served_within
from geofence.visit_states import SERVED_STATES

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "unscheduled_unloading"
_LEEWAY_US = 120_000_000
_ARRIVES_US = 30_000_000
_PARAMETERS = (
    Parameter(f"{NAME}.least_s", 20, "s", 3, 600, "A door open for this long at a halt is told.", in_kernel=True),
    Parameter(f"{NAME}.near_m", 60, "m", 0, 500, "This near to a pending stop's circle it waits for the proof of delivery,"),
    Parameter(f"{NAME}.wait_s", 300, "s", 0, 3600, "for this long."),
)


def _stands(device: Device, fact: Fact) -> None:
    known = device.memory.setdefault(NAME, {})
    known.update(stay=fact.time_us, allowed=fact.c != ALLOWED_NOWHERE, lon=fact.longitude_e7, lat=fact.latitude_e7, crept=0)
    closed_us = known.get("closed", 0)
    opened_us = known.get("opened", fact.decided_us)
    overlap_us = (closed_us or fact.decided_us) - max(opened_us, fact.time_us)
    came_open = fact.time_us - opened_us > _ARRIVES_US  # it was open on the way here
    if not came_open and overlap_us >= device.values[f"{NAME}.least_s"] * 1e6:
        _unloads(device, fact.decided_us)


def _held_open(device: Device, fact: Fact) -> None:
    known = device.memory.setdefault(NAME, {})
    known.update(opened=fact.time_us, closed=0)
    stands = known.get("stay", 0) and fact.a == known["stay"] and fact.time_us >= known.get("crept", 0)
    if stands and fact.d == ALLOWED_NOWHERE:
        _unloads(device, fact.decided_us)


def _closed(device: Device, fact: Fact) -> None:
    known = device.memory.get(NAME)
    if known is not None and known.get("opened", 0) and not known["closed"]:
        known["closed"] = fact.time_us


def _leaves(device: Device, fact: Fact) -> None:
    device.close(NAME, str(fact.time_us), int(fact.a))
    known = device.memory.get(NAME)
    if known is not None and known.get("stay") == fact.time_us and known.get("waits_for") != fact.time_us:
        known["stay"] = 0


def _unloads(device: Device, now_us: int) -> None:
    known, plan = device.memory[NAME], device.plan
    if plan is None or known["allowed"] or known["stay"] < plan.planned_start_us:
        return
    if not _near_stops(device, known):
        _open(device, known)
    elif f"{NAME}|{known['stay']}" not in device.episodes:
        known["waits_for"] = known["stay"]
        device.timers.setdefault(NAME, now_us + int(device.values[f"{NAME}.wait_s"] * 1e6))


def _near_stops(device: Device, known: dict[str, int]) -> list[int]:
    """The stops that this halt may serve, or serves, though it lies outside their circles."""
    away_m = metres_to_each(device.planned.places, known["lon"], known["lat"])
    near = np.flatnonzero(away_m <= device.planned.stops["radius_m"] + device.values[f"{NAME}.near_m"])
    return [k for k in near.tolist() if _may_serve(device, k, known["stay"])]


def _may_serve(device: Device, number: int, since_us: int) -> bool:
    served = int(device.visits[number]["state"]) in SERVED_STATES
    return not served or number in served_within(device, since_us, device.now_us)


def _waited(device: Device, now_us: int) -> None:
    known = device.memory.get(NAME, {})
    if device.plan is None or known.get("waits_for", 0) != known.get("stay", -1):
        return
    near = _near_stops(device, known)
    if not any(proof.stop in near for proof in device.plan.proofs_within(known["stay"] - 60_000_000, now_us)):
        _open(device, known)


def _open(device: Device, known: dict[str, int]) -> None:
    facts = {"longitude_deg": known["lon"] / 1e7, "latitude_deg": known["lat"] / 1e7}
    started_us = max(known["stay"], known["opened"])
    if f"{NAME}|{known['stay']}" in device.episodes:
        return
    if device.open(NAME, str(known["stay"]), started_us, Severity.high, confidence=0.85, facts=facts) is not None:
        route_deviation.unloads(device)


def _queues(device: Device, fact: Fact) -> None:
    """It creeps on in a queue: with the door open that is another matter, and what is unloaded there begins after it."""
    known = device.memory.get(NAME, {})
    if known.get("stay") == fact.time_us:
        known["crept"] = fact.decided_us
        if known.get("opened", 0) and not known["closed"]:
            known["waits_for"] = 0
            device.withdraw(NAME, str(fact.time_us), "queue")


def _served(device: Device, fact: Fact) -> None:
    """Signed for after all, though it took long: the halt served a stop that had no room to park."""
    known = device.memory.get(NAME, {})
    stay_us = known.get("stay", 0)
    if f"{NAME}|{stay_us}" in device.episodes and fact.place in _near_stops(device, known):
        device.withdraw(NAME, str(stay_us), "serves_a_stop")


def _lighter(device: Device, fact: Fact) -> None:
    stay_us = device.memory.get(NAME, {}).get("stay", 0)
    if fact.time_us >= stay_us - _LEEWAY_US:
        device.change(NAME, str(stay_us), Severity.critical, lost_kg=fact.a)


RULE = Rule(
    NAME,
    _PARAMETERS,
    on={
        STAY_ON: _stands,
        STAY_OFF: _leaves,
        STAY_QUEUED: _queues,
        DOOR_HELD: _held_open,
        DOOR_OFF: _closed,
        STOP_SERVED: _served,
        CARGO_DROP: _lighter,
    },
    wake=_waited,
)
