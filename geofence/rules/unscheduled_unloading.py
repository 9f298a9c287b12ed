"""The cargo door is open at a halt where nothing is to be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from domain.events import Severity
from geofence.facts import (
    ALLOWED_NOWHERE,
    CARGO_DROP,
    DOOR_HELD,
    DOOR_OFF,
    STAND_OFF,
    STAY_OFF,
    STAY_ON,
    STAY_QUEUED,
    STOP_SERVED,
    Fact,
)
from geofence.kernels.apart import metres_to_each
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules import route_deviation
from geofence.rules.served import served_within
from geofence.rules.serving import is_service, serves
from geofence.rules.standing import Stand, recent, stand_at
from geofence.visit_states import SERVED_STATES

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "unscheduled_unloading"
_LEEWAY_US = 120_000_000
_ARRIVES_US = 30_000_000
_SIGMAS = 2.0
_PARAMETERS = (
    Parameter(f"{NAME}.least_s", 20, "s", 3, 600, "A door open for this long at a halt is told.", in_kernel=True),
    Parameter(f"{NAME}.near_m", 60, "m", 0, 500, "This near to a pending stop's circle it waits for the proof of delivery,"),
    Parameter(f"{NAME}.wait_s", 300, "s", 0, 3600, "for this long."),
)


def _stands(device: Device, fact: Fact) -> None:
    known = device.memory.setdefault(NAME, {})
    known.update(
        stay=fact.time_us,
        left=0,
        allowed=fact.c != ALLOWED_NOWHERE,
        lon=fact.longitude_e7,
        lat=fact.latitude_e7,
        crept=0,
    )
    closed_us = known.get("closed", 0)
    opened_us = known.get("opened", fact.decided_us)
    stand = stand_at(device, fact.time_us)
    stood_us = fact.time_us if stand is None else stand.since  # under a poor sky it is seen to halt later
    overlap_us = (closed_us or fact.decided_us) - max(opened_us, stood_us)
    came_open = stood_us - opened_us > _ARRIVES_US  # it was open on the way here
    if not came_open and overlap_us >= device.values["unscheduled_unloading.least_s"] * 1e6:
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
    if known is not None and known.get("stay") == fact.time_us:
        known["left"] = int(fact.a)
        if known.get("waits_for") != fact.time_us:
            known["stay"] = 0


def _unloads(device: Device, now_us: int) -> None:
    known, plan = device.memory[NAME], device.plan
    if plan is None or known["allowed"] or known["stay"] < plan.planned_start_us or "spoofed_position|" in device.episodes:
        return
    stand = _stand(device, known)
    if stand is not None and serves(device, stand):
        return
    if not _near_stops(device, known):
        _open(device, known)
    elif f"{NAME}|{known['stay']}" not in device.episodes:
        known["waits_for"] = known["stay"]
        device.timers.setdefault(NAME, now_us + int(device.values["unscheduled_unloading.wait_s"] * 1e6))


def _stand(device: Device, known: dict[str, Any]) -> Stand | None:
    """Where its wheels stood when it was opened."""
    return stand_at(device, known["opened"])


def _near_stops(device: Device, known: dict[str, Any], unsure_m: float = 0.0) -> list[int]:
    """The stops that this halt may serve, or serves, though it lies outside their circles, as far as its place is known."""
    away_m = metres_to_each(device.planned.places, known["lon"], known["lat"])
    near = np.flatnonzero(away_m <= device.planned.stops["radius_m"] + device.values["unscheduled_unloading.near_m"] + unsure_m)
    return [k for k in near.tolist() if _may_serve(device, k, known["stay"])]


def _may_serve(device: Device, number: int, since_us: int) -> bool:
    served = int(device.visits[number]["state"]) in SERVED_STATES
    return not served or number in served_within(device, since_us, device.now_us)


def _waited(device: Device, now_us: int) -> None:
    known = device.memory.get(NAME, {})
    if device.plan is None or known.get("waits_for", 0) != known.get("stay", -1):
        return
    near, stand = _near_stops(device, known), _stand(device, known)
    signed = device.plan.proofs_within(known["stay"] - 60_000_000, now_us)
    if any(proof.stop in near for proof in signed) or (stand is not None and serves(device, stand)):
        return
    _open(device, known)
    if known["left"]:
        device.close(NAME, str(known["stay"]), known["left"])


def _open(device: Device, known: dict[str, Any]) -> None:
    if f"{NAME}|{known['stay']}" in device.episodes:
        return
    facts = {"longitude_deg": known["lon"] / 1e7, "latitude_deg": known["lat"] / 1e7}
    stand = _stand(device, known)
    is_one = stand is not None and (not stand.until or stand.until >= known["stay"])
    started_us = known["opened"] if is_one else max(known["stay"], known["opened"])
    episode = device.open(NAME, str(known["stay"]), started_us, Severity.high, confidence=0.85, facts=facts)
    if episode is not None:
        known["told"] = None if stand is None else [episode.event_id, known["stay"], stand.since]
        route_deviation.unloads(device, started_us)


def _queues(device: Device, fact: Fact) -> None:
    """It creeps on in a queue: with the door open that is another matter, and what is unloaded there begins after it."""
    known = device.memory.get(NAME, {})
    if known.get("stay") == fact.time_us:
        known["crept"] = fact.decided_us
        if known.get("opened", 0) and not known["closed"]:
            known["waits_for"] = 0
            device.withdraw(NAME, str(fact.time_us), "queue")


def _stood(device: Device, fact: Fact) -> None:
    """A stand is over that was no stop, as hardly any of its fixes were good: those that were say where it was."""
    known, stand = device.memory.get(NAME), stand_at(device, fact.time_us)
    if known is None or stand is None or device.plan is None or fact.place != ALLOWED_NOWHERE:
        return
    opened_us = known.get("opened", 0)
    open_us = min(known.get("closed", 0) or stand.until, stand.until) - opened_us
    is_stop = "left" in known and not 0 < known["left"] < stand.since
    is_short = stand.lasted_s(stand.until) < device.values["stop.least_s"]
    if (
        is_stop
        or is_short
        or opened_us < stand.since - _ARRIVES_US
        or open_us < device.values["unscheduled_unloading.least_s"] * 1e6
    ):
        return
    is_good = stand.sigma <= device.values["fix.most_hdop"] * device.values["sigma.hdop_m"]
    here = {"stay": stand.since, "lon": stand.lon, "lat": stand.lat}
    near = _near_stops(device, here, 0.0 if is_good else _SIGMAS * stand.sigma)
    if stand.since >= device.plan.planned_start_us and not near and not serves(device, stand):
        known.update(here, allowed=False)
        _open(device, known)
        device.close(NAME, str(stand.since), stand.until)
        known["stay"] = 0


def _served(device: Device, fact: Fact) -> None:
    """Signed for after all, though it took long: the halt served a stop that had no room to park, or where its fixes lied."""
    known = device.memory.get(NAME, {})
    if known.get("told"):
        event_id, told_us, since_us = known["told"]
        stand = next((one for one in recent(device) if one.since == since_us), None)
        if stand is not None and is_service(stand, fact):
            known["told"] = None
            device.revoke(NAME, str(told_us), event_id, "serves_a_stop")
            return
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
        STAND_OFF: _stood,
        STOP_SERVED: _served,
        CARGO_DROP: _lighter,
    },
    wake=_waited,
)
