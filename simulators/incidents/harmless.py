"""A little of what would be an incident if it were more of it, and what fails in trackers without anybody's doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from domain.truth import Incident
from simulators.fleet.driving import Driven
from simulators.fleet.observed import Observed
from simulators.fleet.script import DEPOT, SERVICE, Drive, Halt, Later
from simulators.incidents.case import Case
from simulators.incidents.nights import at_night
from simulators.incidents.routing import serve_reversed


def sign_round_corner(case: Case) -> bool:
    """The proof is captured some doors from the shop."""
    halt = case.script.actions[int(case.rng.choice(case.services()))]
    assert isinstance(halt, Halt)
    assert halt.stop is not None
    angle, away_m = case.rng.uniform(0, 2 * np.pi), case.rng.uniform(40, 90)
    case.script.signed_aside[halt.stop.stop_id] = float(away_m * np.cos(angle)), float(away_m * np.sin(angle))
    return True


def hurry(case: Case) -> bool:
    """A leg as fast as the limit allows, and a little faster."""
    at = max(case.drives(), key=lambda position: case.length_m(case.script.actions[position]))
    drive = case.script.actions[at]
    assert isinstance(drive, Drive)
    case.script.actions[at] = replace(drive, limit_factor=1.05)
    return True


def dwell_somewhat(case: Case) -> bool:
    """The driver stays at a shop for a good quarter of an hour."""
    at = int(case.rng.choice(case.services()))
    halt = case.script.actions[at]
    assert isinstance(halt, Halt)
    case.script.actions[at] = replace(halt, duration_s=float(case.rng.uniform(13 * 60, 18 * 60)))
    return True


def leave_a_little_late(case: Case) -> bool:
    """The van leaves late, and is still in time at its shops."""
    case.script.begin_s += 60 * float(case.rng.uniform(0.15, 0.35)) * case.scenario.trips.window_after_min
    return True


def swap_neighbours(case: Case) -> bool:
    """Two shops next to each other on the route are served in the other order."""
    services = case.services()
    for first in case.rng.permutation(max(len(services) - 2, 0)):
        rebuilt, begin, end = serve_reversed(case, services, int(first), 2)
        drives = [action for action in rebuilt if isinstance(action, Drive)]
        longer_m = case.length_m(*drives) - case.length_m(*case.script.actions[begin:end])
        network = case.planned.town.network
        nodes = np.concatenate([network.nodes_of(drive.edges, drive.source) for drive in drives])
        if longer_m < 500 and case.cross_track_m(nodes).max() < 0.6 * (case.planned.trip.corridor_m or 0.0):
            case.script.actions[begin:end] = rebuilt
            case.altered = True
            return True
    return False


def move_in_yard(case: Case) -> bool:
    """At night the van is moved to the other end of the yard."""
    moment, town = at_night(case, -1.2, 1.5), case.planned.town
    away_m = np.hypot(town.network.x_m - town.depot.x_m, town.network.y_m - town.depot.y_m)
    seconds, _ = town.network.tree(town.depot.node)
    near = np.flatnonzero((away_m > 60) & (away_m < 230) & (seconds < 60)).tolist()
    if moment is None or not near:
        return False
    node = int(case.rng.choice(near))
    out = Drive(town.depot.node, town.network.path(town.depot.node, node))
    back = Drive(node, town.network.path(node, town.depot.node))
    case.script.later.append(Later(moment, (out, Halt(DEPOT, 20.0, engine_off=False), back), ()))
    return True


Hook = Callable[[Observed], None]


def _quietly(hook: Hook) -> Callable[[Case], bool]:
    def harmless(case: Case) -> bool:
        case.hooks.append(silent)
        return True

    def silent(seen: Observed) -> list[Incident]:
        hook(seen)
        return []

    harmless.__doc__ = hook.__doc__
    return harmless


def _longest_drive(seen: Observed) -> Driven:
    return max(seen.played.driven, key=lambda driven: driven.until_s - driven.from_s)


def _pause(seen: Observed) -> None:
    """The tracker says nothing for a leg of some minutes, and keeps nothing of it."""
    drive = _longest_drive(seen)
    begin, end = drive.from_s + 5, min(drive.until_s - 5, drive.from_s + 425)
    quiet = seen.between(begin, end)
    if quiet.any():
        spoken = seen.second[~quiet]
        seen.keep(~quiet)
        span = float(spoken[spoken < begin].max(initial=0)), float(spoken[spoken >= end].min(initial=int(end)))
        seen.hidden.append(span)
        seen.mute.append(span)


def _lag(seen: Observed) -> None:
    """The tracker's clock falls back on a leg, and is set right: its rows look like a backlog."""
    drive = _longest_drive(seen)
    rows = seen.between(drive.from_s + 5, min(drive.until_s - 5, drive.from_s + 300))
    seen.fixes["fix_us"][rows] -= int(seen.rng.integers(300, 1500)) * 1_000_000


def _restart(seen: Observed) -> None:
    """The tracker starts anew, says so, and numbers its rows from one."""
    rows = seen.between(_longest_drive(seen).from_s, np.inf)
    seen.fixes["seq"][rows] = np.arange(1, int(rows.sum()) + 1)
    seen.fixes["boot_id"][rows] += 1


def _set_odometer(seen: Observed) -> None:
    """A new instrument: the odometer begins at nought."""
    rows = seen.between(_longest_drive(seen).until_s + 5, np.inf)
    if rows.any():
        seen.fixes["odometer_m"][rows] -= seen.fixes["odometer_m"][rows][0]


def _run_low(seen: Observed) -> None:
    """The tracker's own battery is low."""
    seen.alarm(_longest_drive(seen).from_s, "low_battery")


def _lean(seen: Observed) -> None:
    """A shop on a slope: tank and load cell read less as long as the van stands there."""
    services = [one for one in seen.played.stood if one.halt.purpose == SERVICE]
    one = services[int(seen.rng.integers(len(services)))]
    rows = seen.between(one.from_s - 10, one.until_s + 10)  # it leans before it stands
    seen.fixes["fuel_l"][rows] = np.maximum(seen.fixes["fuel_l"][rows] - 7.0, 0.0)
    seen.fixes["cargo_kg"][rows] = np.round(0.99 * seen.fixes["cargo_kg"][rows])


HARMLESS_TO_TRACKERS = {
    "brief_silence": _quietly(_pause),
    "clock_back": _quietly(_lag),
    "reboot": _quietly(_restart),
    "odometer_reset": _quietly(_set_odometer),
    "low_battery": _quietly(_run_low),
    "slope": _quietly(_lean),
}
