"""What could be measured on a van, second by second and without error: place, speed, ignition, door, cargo, fuel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel
from simulators.fleet.driving import Driven, Played, Stood

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TANK_L = 60.0
MOVING_MPS = 0.5


@dataclass(frozen=True, slots=True)
class Signals:
    """Second by second from the beginning of the day, all (n,): metres in the town's plane, courses clockwise from north."""

    x_m: Floats
    y_m: Floats
    speed_mps: Floats
    course_deg: Floats
    driven_m: Floats
    ignition: Flags
    door_open: Flags
    cargo_kg: Floats
    fuel_l: Floats


def measure(played: Played, cargo_kg: float, fuel_l: float) -> Signals:
    """The signals of a day that began with so much cargo and fuel on board."""
    second = np.arange(int(played.t_s[-1]), dtype=np.float64)
    x_m, y_m = np.interp(second, played.t_s, played.x_m), np.interp(second, played.t_s, played.y_m)
    speed_mps = np.interp(second, played.t_s, played.speed_mps)
    step_m = np.hypot(np.diff(x_m, prepend=x_m[0]), np.diff(y_m, prepend=y_m[0]))
    ignition = _ignition(second, played)
    return Signals(
        x_m,
        y_m,
        speed_mps,
        hold_course(x_m, y_m),
        np.cumsum(step_m),
        ignition,
        _door(second, played),
        cargo_kg - _given(second, played.stood),
        _fuel(second, played, step_m, ignition, fuel_l),
    )


@kernel
def hold_course(x_m: Floats, y_m: Floats) -> Floats:
    """Course of each second's movement in degrees from north; held while standing."""
    course = np.empty(len(x_m))
    held = 0.0
    for i in range(len(x_m)):
        if i > 0:
            dx, dy = x_m[i] - x_m[i - 1], y_m[i] - y_m[i - 1]
            if np.hypot(dx, dy) > 0.3:
                held = np.degrees(np.arctan2(dx, dy)) % 360.0
        course[i] = held
    return course


def _between(second: Floats, from_s: float, until_s: float) -> slice:
    first, last = (int(np.ceil(moment)) for moment in (from_s, until_s))
    return slice(max(first, 0), max(min(last, len(second)), 0))


def _ignition(second: Floats, played: Played) -> Flags:
    """On while driving under its own power and at halts with the engine running; a little before and after otherwise."""
    ignition = np.zeros(len(second), np.bool_)
    driven = [*played.driven, *(one for after in played.afterwards for one in after.driven)]
    stood = [*played.stood, *(one for after in played.afterwards for one in after.stood)]
    for drive in driven:
        if not drive.drive.engine_off:
            ignition[_between(second, drive.from_s - 8, drive.until_s + 9)] = True
    if played.driven:
        ignition[_between(second, played.driven[0].from_s - 25, played.driven[0].from_s)] = True
    for halt in stood:
        if not halt.halt.engine_off or halt.until_s - halt.from_s <= 45:
            ignition[_between(second, halt.from_s, halt.until_s)] |= not halt.halt.engine_off or not _towed(halt, driven)
    return ignition


def _towed(halt: Stood, driven: list[Driven]) -> bool:
    """Whether a halt interrupts being towed."""
    return any(drive.drive.engine_off and abs(drive.until_s - halt.from_s) < 1 for drive in driven)


def _door(second: Floats, played: Played) -> Flags:
    door = np.zeros(len(second), np.bool_)
    for stood in played.stood:
        for after_s, for_s in stood.halt.doors:
            door[_between(second, stood.from_s + after_s, min(stood.from_s + after_s + for_s, stood.until_s - 1))] = True
    for driven in played.driven:
        if driven.drive.door_open:
            door[_between(second, driven.from_s, driven.until_s)] = True
    return door


def _given(second: Floats, stood: tuple[Stood, ...]) -> Floats:
    """Kilograms that have left the van by each second: carried out evenly while a door is open."""
    moments, given = [0.0], [0.0]
    for one in stood:
        if one.halt.unload_kg:
            after_s, for_s = one.halt.doors[0] if one.halt.doors else (0.0, one.until_s - one.from_s)
            moments += [one.from_s + after_s, one.from_s + after_s + max(for_s, 1.0)]
            given += [given[-1], given[-1] + one.halt.unload_kg]
    return np.interp(second, moments, given)


LITRES_PER_M = 11.5e-5
IDLE_L_PER_S = 0.9 / 3600


def _fuel(second: Floats, played: Played, step_m: Floats, ignition: Flags, fuel_l: float) -> Floats:
    standing = step_m < MOVING_MPS
    used = np.cumsum(step_m * LITRES_PER_M + IDLE_L_PER_S * (ignition & standing))
    level = fuel_l - used
    for stood in played.stood:
        room_l = max(TANK_L - float(level[min(int(stood.from_s), len(level) - 1)]), 0.0)
        change = min(stood.halt.refuel_l, room_l) - stood.halt.siphon_l
        if change:
            share = (second - stood.from_s - 60) / max(stood.until_s - stood.from_s - 120, 60.0)
            level += change * np.clip(share, 0.0, 1.0)
    return np.clip(level, 0.0, TANK_L)
