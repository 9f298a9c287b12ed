"""Halts where the van has no business: for a rest, among thieves, or to sell from the back door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from domain.zones import ZoneKind
from simulators.fleet.planning import CASE_KG
from simulators.fleet.script import Drive, Halt
from simulators.incidents.case import Case

CLEARANCE_M = 100.0
PARTNER = "meeting a partner"


def unplanned_halt(case: Case) -> bool:
    """A quarter of an hour's rest, door closed, well away from every place where the van may stand."""
    halt = Halt("rest", float(case.rng.uniform(13 * 60, 24 * 60)), labels=("unscheduled_stop",))
    for clearance_m in (CLEARANCE_M, 0.6 * CLEARANCE_M):
        if case.insert_halt(halt, roadside(case, clearance_m)):
            return True
    return _halt_aside(case, halt)


def _halt_aside(case: Case, halt: Halt) -> bool:
    """The whole round runs past allowed places: turn into the nearest street that does not."""
    nodes = np.arange(len(case.planned.town.network.x_m))
    apart_m = case.cross_track_m(nodes)
    for node in nodes[np.argsort(apart_m, kind="stable")][:400]:
        if case.forbidden(int(node), CLEARANCE_M) and not in_red_zone(case, int(node)) and (ways := _ways(case, int(node))):
            position, there, back = min(ways, key=lambda way: _longer_m(case, way))
            case.script.actions[position : position + 1] = [there, halt, back]
            case.altered = True
            return True
    return False


def red_zone_halt(case: Case) -> bool:
    """A shorter halt, but where none is tolerated."""
    halt = Halt("rest", float(case.rng.uniform(7 * 60, 9 * 60)), labels=("unscheduled_stop",))
    if case.insert_halt(halt, lambda node: case.forbidden(node, CLEARANCE_M) and in_red_zone(case, node, margin_m=60.0)):
        return True
    return _go_and_halt(case, halt)


def _go_and_halt(case: Case, halt: Halt) -> bool:
    """No leg passes through a red zone: take the shortest way round by one."""
    red = [place for place in case.planned.town.others if place.kind is ZoneKind.red]
    ways = [way for place in red if case.forbidden(place.node, CLEARANCE_M) for way in _ways(case, place.node)]
    if not ways:
        return False
    position, there, back = min(ways, key=lambda way: _longer_m(case, way))
    case.script.actions[position : position + 1] = [there, halt, back]
    case.altered = True
    return True


Way = tuple[int, Drive, Drive]


def _ways(case: Case, node: int) -> list[Way]:
    """Every leg by way of a node instead."""
    ways = [(position, *case.drive_via(position, node)) for position in case.drives()]
    return [way for way in ways if len(way[1].edges) and len(way[2].edges)]


def _longer_m(case: Case, way: Way) -> float:
    return case.length_m(way[1], way[2]) - case.length_m(case.script.actions[way[0]])


def meet_partner(case: Case) -> bool:
    """The driver goes by the same remote place as on other days, and stays for a while."""
    town, network = case.planned.town, case.planned.town.network
    places = (town.depot, *town.others, *town.outlets)
    clear_m = np.full(len(network.x_m), np.inf)
    for place in places:
        apart_m = np.hypot(network.x_m - place.x_m, network.y_m - place.y_m) - place.radius_m
        clear_m = np.minimum(clear_m, apart_m)
    remote = np.flatnonzero(clear_m > 60)
    if len(remote) == 0:
        return False
    # It depends on the van alone, so that it is the same on every day.
    node = int(remote[case.planned.van.number * 7919 % len(remote)])
    ways = _ways(case, node)
    if not ways:
        return False
    halt = Halt(PARTNER, float(case.rng.uniform(12 * 60, 18 * 60)), labels=("unscheduled_stop",))
    position, there, back = min(ways, key=lambda way: _longer_m(case, way))
    case.script.actions[position : position + 1] = [there, halt, back]
    case.altered = True
    return True


def unload_elsewhere(case: Case) -> bool:
    """Cases leave by the back door at a halt of a few minutes: fewer are left for the last customers."""
    duration_s = float(case.rng.uniform(200, 480))
    cases = int(case.rng.integers(6, 22))
    halt = Halt(
        "selling",
        duration_s,
        doors=((25.0, duration_s - 60.0),),
        unload_kg=cases * CASE_KG,
        labels=("unscheduled_unloading",),
    )
    if not case.insert_halt(halt, roadside(case)):
        return False
    take_from_last(case, cases)
    return True


def unload_too_much(case: Case) -> bool:
    """At a planned shop more is carried out than was ordered."""
    services = case.services()
    at = int(case.rng.choice(services[: max(len(services) // 2, 1)]))
    halt = case.script.actions[at]
    assert isinstance(halt, Halt)
    cases = max(6, round(0.3 * (halt.stop.cases or 0.0))) if halt.stop else 6
    case.script.actions[at] = replace(halt, unload_kg=halt.unload_kg + cases * CASE_KG)
    take_from_last(case, cases)
    return True


def siphon_fuel(case: Case) -> bool:
    """Fuel is drawn off at a halt too short to be a rest."""
    drawn_l = float(case.rng.uniform(8, 16))
    halt = Halt("siphoning", float(case.rng.uniform(400, 520)), siphon_l=drawn_l, labels=("fuel_drop",))
    return case.insert_halt(halt, roadside(case))


def roadside(case: Case, clearance_m: float = CLEARANCE_M) -> Callable[[int], bool]:
    """Whether a node is well away from where the van may stand, and from red zones, as a test."""
    return lambda node: case.forbidden(node, clearance_m) and not in_red_zone(case, node)


def in_red_zone(case: Case, node: int, margin_m: float = -60.0) -> bool:
    """Whether a node is inside a red zone by a margin; with a negative one, or near it."""
    network = case.planned.town.network
    return any(
        np.hypot(network.x_m[node] - place.x_m, network.y_m[node] - place.y_m) < place.radius_m - margin_m
        for place in case.planned.town.others
        if place.kind is ZoneKind.red
    )


def take_from_last(case: Case, cases: float) -> None:
    """The last customers go short by so many cases."""
    missing = cases
    for at in reversed(case.services()):
        halt = case.script.actions[at]
        assert isinstance(halt, Halt)
        given = halt.unload_kg / CASE_KG
        short = min(missing, max(given - 1, 0.0))
        case.script.actions[at] = replace(halt, unload_kg=(given - short) * CASE_KG)
        missing -= short
        if missing <= 0:
            return
