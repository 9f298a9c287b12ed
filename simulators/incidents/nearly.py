"""What looks like an incident and is none: honest reasons to stand, to open a door, to vanish for a while."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.truth import Incident
from domain.zones import ZoneKind
from simulators.fleet.faults import hold_back
from simulators.fleet.observed import Observed
from simulators.fleet.script import Drive, Halt
from simulators.incidents.case import Case
from simulators.incidents.halting import roadside


def short_halt(case: Case) -> bool:
    """A telephone call at the roadside, minutes short of the threshold."""
    halt = Halt("call", float(case.rng.uniform(120, 450)), engine_off=False)
    return case.insert_halt(halt, roadside(case))


def door_at_halt(case: Case) -> bool:
    """The driver looks after the load for a few seconds at the roadside."""
    halt = Halt("look", 60.0, doors=((20.0, 12.0),), engine_off=False)
    return case.insert_halt(halt, roadside(case))


def lunch_break(case: Case) -> bool:
    """Half an hour at a rest place, which is allowed."""
    return _visit_place(case, ZoneKind.rest, Halt("lunch", float(case.rng.uniform(20 * 60, 40 * 60))))


def refuel(case: Case) -> bool:
    """The tank is filled at a station: the level jumps up."""
    return _visit_place(case, ZoneKind.fuel, Halt("refuelling", float(case.rng.uniform(300, 720)), refuel_l=15.0))


def weigh(case: Case) -> bool:
    """A quarter of an hour in the queue of the weighbridge."""
    return _visit_place(
        case, ZoneKind.weighbridge, Halt("weighing", float(case.rng.uniform(11 * 60, 16 * 60)), engine_off=False)
    )


def park_next_door(case: Case) -> bool:
    """No space before the shop: the van stands beyond its radius, the cases are carried over."""
    services = case.services()
    network = case.planned.town.network
    for at in case.rng.permutation(services):
        drive, halt = case.script.actions[at - 1], case.script.actions[at]
        assert isinstance(halt, Halt)
        place = next((one for one in case.planned.outlets if halt.stop and one.place_id == halt.stop.outlet_id), None)
        if place is None or not isinstance(drive, Drive) or len(drive.edges) == 0:
            continue
        last = int(drive.edges[-1])
        a, b = int(network.tail[last]), int(network.head[last])
        gap_m = float(((network.x_m[a] - network.x_m[b]) ** 2 + (network.y_m[a] - network.y_m[b]) ** 2) ** 0.5)
        wanted_m = place.radius_m + float(case.rng.uniform(8, 35))
        if gap_m > wanted_m + 15:
            case.script.actions[at - 1] = replace(drive, stop_short_m=wanted_m)
            return True
    return False


def _upload_later(seen: Observed) -> list[Incident]:
    """Twenty minutes without coverage around a service: the backlog proves that the shop was served."""
    services = [one for one in seen.played.stood if one.halt.stop is not None]
    one = services[int(seen.rng.integers(len(services)))]
    hold_back(seen, one.from_s - float(seen.rng.uniform(200, 600)), one.until_s + float(seen.rng.uniform(200, 900)))
    return []


def upload_later(case: Case) -> bool:
    """See `_upload_later`."""
    case.hooks.append(_upload_later)
    return bool(case.services())


def drive_through_tunnel(case: Case) -> bool:
    """Two or three minutes without sky while driving."""

    def tunnel(seen: Observed) -> list[Incident]:
        drive = max(seen.played.driven, key=lambda driven: driven.until_s - driven.from_s)
        begin = drive.from_s + 15
        seen.lose_fix(seen.between(begin, min(drive.until_s, begin + 170)))
        return []

    case.hooks.append(tunnel)
    return True


def door_sensor_stuck(case: Case) -> bool:
    """The door's contact says open all day."""

    def stuck(seen: Observed) -> list[Incident]:
        if seen.fitting.door:
            seen.fixes["door_open"] = 1
            seen.broken.add("door")
        return []

    case.hooks.append(stuck)
    return True


def crank_weakly(case: Case) -> bool:
    """The supply dips below six volts for the seconds of starting the engine."""

    def dip(seen: Observed) -> list[Incident]:
        started = (seen.fixes["ignition"][1:] == 1) & (seen.fixes["ignition"][:-1] == 0)
        seen.fixes["external_v"][1:][started] = 5.4
        return []

    case.hooks.append(dip)
    return True


def _visit_place(case: Case, kind: ZoneKind, halt: Halt) -> bool:
    """Go by an allowed place on one of the legs, where that keeps within the corridor."""
    town, within_m = case.planned.town, 0.9 * (case.planned.trip.corridor_m or 0.0)
    at_most_m = min(1500.0, 0.08 * case.length_m(*case.script.actions))
    places = [place for place in town.others if place.kind is kind]
    for place in (places[index] for index in case.rng.permutation(len(places))):
        for position in case.rng.permutation(case.drives()):
            there, back = case.drive_via(int(position), place.node)
            longer_m = case.length_m(there, back) - case.length_m(case.script.actions[position])
            nodes = town.network.head[np.concatenate([there.edges, back.edges])]
            if (
                len(there.edges) > 0
                and len(back.edges) > 0
                and longer_m < at_most_m
                and case.cross_track_m(nodes).max() < within_m
            ):
                case.script.actions[position : position + 1] = [there, halt, back]
                case.altered = True
                return True
    return False
